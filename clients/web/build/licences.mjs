/**
 * Gathers the licences of the packages whose code or data ends up in `dist`, and writes
 * them into one file, which is served at `/licences.txt` and packed with the rest.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WITHIN = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;
/** Modules that a tool of the build adds of its own; they name no file. */
const ADDED = /^\0(vite|rolldown)\//;
const LICENCE = /^(licen[cs]e|copying|notice)/i;
/** From here on it is what the tool itself contains, and nothing of it is served. */
const CONTAINED = /^# Licenses of bundled dependencies$/m;
/** Terms of what a package was made of, where it does not say so itself. */
const TERMS = "build/terms";
const MADE_OF = { "emoji-picker-element-data": ["MIT", "Unicode-3.0"] };
const HEAD = `What of the browser clients was written by others, and under which terms.
`;

export class Licences {
  #packages = new Set();

  /** Notes the package that a module belongs to, if it belongs to one. */
  note(module) {
    const found = WITHIN.exec(module) ?? ADDED.exec(module);
    if (found) this.#packages.add(found[1].replace("\\", "/"));
  }

  /** A part of every build: notes what its chunks are made of. */
  plugin() {
    return {
      name: "licences",
      generateBundle: (_options, bundle) => {
        for (const chunk of Object.values(bundle))
          for (const module of Object.keys(chunk.modules ?? {})) this.note(module);
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
  const files = readdirSync(root).filter((file) => LICENCE.test(file));
  if (!about.license || files.length === 0)
    throw new Error(`${name} comes without its terms`);
  const texts = files.map((file) => textOf(join(root, file)).split(CONTAINED)[0]);
  const more = MADE_OF[name] ?? [];
  if (more.length > 0) texts.push(textOf(join(web, TERMS, `${name}.txt`)));
  return [
    `${"-".repeat(72)}`,
    `${name} ${about.version}: ${[about.license, ...more].join(" AND ")}`,
    "",
    ...texts.map((text) => text.trim()),
    "",
  ].join("\n");
}

function textOf(file) {
  return readFileSync(file, "utf8");
}
