/** What every build shares, and how the unit tests run. */

import { defineConfig } from "vitest/config";

export default defineConfig({
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
