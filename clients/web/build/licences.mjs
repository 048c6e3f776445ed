/**
 * Gathers the licences of the packages whose code or data ends up in `dist`, and writes
 * them into one file, which is served at `/licences.txt` and packed with the rest.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WITHIN = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;
const LICENCE = /^(licen[cs]e|copying|notice)/i;
const HEAD = `What of the browser clients was written by others, and under which terms.
`;

export class Licences {
  #packages = new Set();

  /** Notes the package that a file belongs to, if it belongs to one. */
  note(file) {
    const found = WITHIN.exec(file);
    if (found) this.#packages.add(found[1].replace("\\", "/"));
  }

  /** A part of every build: notes what its chunks are made of. */
  plugin() {
    return {
      name: "licences",
      generateBundle: (_options, bundle) => {
        for (const chunk of Object.values(bundle))
          for (const file of Object.keys(chunk.modules ?? {})) this.note(file);
      },
    };
  }

  /** Writes the file; fails where a package comes without its terms. */
  write(web, file) {
    const parts = [...this.#packages].toSorted().map((name) => partOf(web, name));
    writeFileSync(file, [HEAD, ...parts].join("\n"));
  }
}

function partOf(web, name) {
  const root = join(web, "node_modules", name);
  const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const texts = readdirSync(root).filter((file) => LICENCE.test(file));
  if (texts.length === 0 && !existsSync(join(root, "README.md")))
    throw new Error(`${name} comes without its terms`);
  const said = texts.map((file) => readFileSync(join(root, file), "utf8").trim());
  return [
    `${"-".repeat(72)}`,
    `${name} ${about.version}: ${about.license}`,
    "",
    ...said,
    "",
  ].join("\n");
}
