// Imports a widget's module as the browser gets it: shared.js followed by <topic>.js.
import { readFile } from "node:fs/promises";

const folder = new URL("../../src/primer/widgets/", import.meta.url);
const read = (name) => readFile(new URL(`${name}.js`, folder), "utf8");

export async function load(topic) {
  const code = (topic === "shared" ? await read("shared") : `${await read("shared")}\n${await read(topic)}`);
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
