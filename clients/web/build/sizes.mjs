/** Prints how large what a shopper loads is, and fails where that is too much. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist");

/** Bytes, gzipped, as they cross the wire; without one, the size is only printed. */
const LIMITS = {
  "widget.js": 1500,
  // All that a shopper loads before the first message.
  "widget/main": 35_000,
  "widget/emoji": 20_000,
};

function main() {
  const files = [
    "widget.js",
    ...readdirSync(join(DIST, "widget")).map((name) => `widget/${name}`),
  ];
  const tooLarge = files.toSorted().filter((file) => !fits(file));
  if (tooLarge.length > 0) {
    console.error(`Too large: ${tooLarge.join(", ")}`);
    process.exitCode = 1;
  }
}

function fits(file) {
  const content = readFileSync(join(DIST, file));
  const size = gzipSync(content, { level: 9 }).length;
  const limit = LIMITS[file.replace(/-[0-9a-f]{12}\.js$/, "")];
  const of = limit === undefined ? "" : ` of ${limit}`;
  console.log(`${String(size).padStart(7)}${of.padEnd(9)} ${file}`);
  return limit === undefined || size <= limit;
}

main();
