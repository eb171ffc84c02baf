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
const used = () => process.cpuUsage().user + process.cpuUsage().system;
// Microseconds of processor time of a call: the fastest batch, since other programs only ever slow one down.
async function perCall(text) {
  const call = async () => {
    try {
      await read(text);
    } catch {
      // An error is an answer too; what it costs counts.
    }
  };
  for (let warm = 0; warm < 20; warm++) await call();
  let started = used();
  for (let n = 0; n < 10; n++) await call();
  const count = Math.max(1, Math.round(40_000 / Math.max(used() - started, 1)));
  const times = [];
  for (let batch = 0; batch < 25; batch++) {
    started = used();
    for (let n = 0; n < count; n++) await call();
    times.push((used() - started) / count);
  }
  return Math.min(...times);
}
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
say({ library: name, version: manifest.version });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  if (question.runs) {
    say({ us: await perCall(question.text) });
    continue;
  }
  try {
    const value = JSON.stringify(await read(question.text), named);
    say(value === undefined ? { error: "undefined" } : { value });
  } catch (error) {
    say({ error: String(error?.message ?? error).slice(0, 200) });
  }
}
