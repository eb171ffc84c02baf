// One repair library of npm in a process of its own: `node peer_repair.mjs FOLDER NAME`, FOLDER with its node_modules.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [, , folder, name] = process.argv;
const require = createRequire(path.join(path.resolve(folder), "x.js"));
const manifest = JSON.parse(readFileSync(path.join(path.resolve(folder), "node_modules", name, "package.json"), "utf8"));
const library = await import(pathToFileURL(require.resolve(name)).href);

const READERS = {
  jsonrepair: (text) => JSON.parse(library.jsonrepair(text)),
  "best-effort-json-parser": (text) => library.parse(text),
  ai: async (text) => {
    const { value, state } = await library.parsePartialJson(text);
    if (state.startsWith("failed") || value === undefined) throw new Error(state);
    return value;
  },
};
const read = READERS[name];

// JSON.stringify would make these null, which is another answer.
const named = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
say({ library: name, version: manifest.version });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  try {
    const value = JSON.stringify(await read(JSON.parse(line).text), named);
    say(value === undefined ? { error: "undefined" } : { value });
  } catch (error) {
    say({ error: String(error?.message ?? error).slice(0, 200) });
  }
}
