/** What every build shares, and how the unit tests run. */

import { defineConfig } from "vitest/config";
// @ts-expect-error It is plain JavaScript, like the rest of the build.
import { withoutInlineStyles } from "./build/inline-styles.mjs";

export default defineConfig({
  plugins: [withoutInlineStyles()],
  build: { target: "es2022" },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    // Nothing waits for a real clock, so a test that takes long hangs.
    testTimeout: 2000,
    // One process: starting a worker costs more than all of the tests in it.
    pool: "threads",
    isolate: false,
  },
});
