/**
 * Takes the addresses out of `package-lock.json`: it names versions and digests, and
 * each machine knows by itself where its packages come from.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LOCK = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  "package-lock.json",
);

const lock = JSON.parse(readFileSync(LOCK, "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  delete entry.funding;
}
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
