/**
 * Builds all that the broker serves into `dist/`:
 *
 *   widget.js         the storefront loader, a name for good
 *   widget/*          the widget and what it loads when needed, named by content
 *   desk/, demo/      two pages with their assets, named by content
 *   licences.txt      the terms of what in them others have written
 *   client/           the protocol client as a module, with its types, for others
 *
 * `node build/build.mjs desk` builds that part alone.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { Licences } from "./licences.mjs";

const WEB = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(WEB, "dist");
const VERSION = readVersion();
const LICENCES = new Licences();

/** Chunks that the widget loads when they are needed, by the name it asks for. */
const LATER = {
  pl: "widget/i18n/pl.chunk.ts",
  de: "widget/i18n/de.chunk.ts",
  ar: "widget/i18n/ar.chunk.ts",
  emoji: "shared/emoji/picker.chunk.ts",
};

/** Emoji names and keywords; a language that has none takes the English ones. */
const EMOJI = { en: "en/emojibase", pl: "pl/cldr", de: "de/cldr" };

async function buildAll(parts) {
  if (parts.length === 0) rmSync(DIST, { recursive: true, force: true });
  const wanted = (part) => parts.length === 0 || parts.includes(part);
  mkdirSync(DIST, { recursive: true });
  if (wanted("widget")) await widget();
  await Promise.all(["desk", "demo"].filter(wanted).map(pageOf));
  if (wanted("client")) await client();
  // Of a part alone it would be a part.
  if (parts.length === 0) LICENCES.write(WEB, join(DIST, "licences.txt"));
}

async function widget() {
  rmSync(join(DIST, "widget"), { recursive: true, force: true });
  const later = emojiData();
  const built = Object.entries(LATER).map(async ([name, entry]) => [
    name,
    await script(name, entry),
  ]);
  // In the order above, whichever is ready first: the same sources, the same files.
  Object.assign(later, Object.fromEntries(await Promise.all(built)));
  const main = await script("main", "widget/main.tsx", { __LATER__: later });
  await script("widget", "widget/loader.ts", { __MAIN__: main }, { hashed: false });
}

/** Returns the file names of the emoji data, `emoji-<language>` each. */
function emojiData() {
  mkdirSync(join(DIST, "widget"), { recursive: true });
  const named = {};
  for (const [language, folder] of Object.entries(EMOJI)) {
    const source = `node_modules/emoji-picker-element-data/${folder}/data.json`;
    const data = readFileSync(join(WEB, source));
    LICENCES.note(join(WEB, source));
    named[`emoji-${language}`] = put(`emoji-${language}`, "json", data);
  }
  return named;
}

/**
 * Builds `entry` as one classic script and returns its file name in `dist/widget`.
 *
 * Classic scripts, since a module from another host needs the shop's leave twice (CORS
 * and its content security policy), and a nonce is all that a shop has to give.
 */
async function script(name, entry, define = {}, { hashed = true } = {}) {
  const output = await build({
    configFile: join(WEB, "vite.config.ts"),
    root: WEB,
    logLevel: "warn",
    define: constants(define),
    plugins: [LICENCES.plugin()],
    build: {
      write: false,
      emptyOutDir: false,
      lib: { entry: join(WEB, entry), formats: ["iife"], name: "_" },
      rolldownOptions: { output: { extend: false } },
    },
  });
  const [{ output: chunks }] = [output].flat();
  if (chunks.length !== 1) throw new Error(`${entry} gave ${chunks.length} files`);
  const code = chunks[0].code;
  if (hashed) return put(name, "js", code);
  writeFileSync(join(DIST, `${name}.js`), code);
  return `${name}.js`;
}

/** Writes a file named after its content, and returns its name. */
function put(name, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const file = `${name}-${hash}.${extension}`;
  writeFileSync(join(DIST, "widget", file), content);
  return file;
}

async function pageOf(page) {
  await build({
    configFile: join(WEB, "vite.config.ts"),
    root: join(WEB, page),
    base: `/${page}/`,
    logLevel: "warn",
    define: constants({ __LATER__: emojiData() }),
    plugins: [LICENCES.plugin()],
    build: {
      outDir: join(DIST, page),
      emptyOutDir: true,
      // Addresses of data would need a wider content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: pagesIn(join(WEB, page)) },
    },
  });
}

/** Builds what `import … from "@shopwire/web"` gets: one module, and its types. */
async function client() {
  const out = join(DIST, "client");
  await build({
    configFile: join(WEB, "vite.config.ts"),
    root: WEB,
    logLevel: "warn",
    define: constants({}),
    plugins: [LICENCES.plugin()],
    build: {
      outDir: out,
      emptyOutDir: true,
      lib: { entry: join(WEB, "shared/index.ts"), formats: ["es"], fileName: "index" },
    },
  });
  const tsc = join(WEB, "node_modules/typescript/bin/tsc");
  const words = ["--project", join(WEB, "build/client.json"), "--outDir", out];
  execFileSync(process.execPath, [tsc, ...words], { stdio: "inherit" });
}

/** Returns the pages of a folder: its own `index.html`, and those one level below. */
function pagesIn(root) {
  const below = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, entry.name, "index.html"));
  return [join(root, "index.html"), ...below].filter((file) => existsSync(file));
}

function constants(more) {
  const all = { __VERSION__: VERSION, ...more };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [name, JSON.stringify(value)]),
  );
}

function readVersion() {
  return JSON.parse(readFileSync(join(WEB, "package.json"), "utf8")).version;
}

console.log(`Building into ${basename(WEB)}/dist`);
await buildAll(process.argv.slice(2));
