// Calls functions of a widget's module for the Python tests: JSON {topic, calls: [[name, arguments], …]} in, JSON out.
import { readFileSync } from "node:fs";

import { load } from "./load.mjs";

const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const { topic, calls } = JSON.parse(readFileSync(0, "utf8"));
const module = await load(topic);
process.stdout.write(JSON.stringify(calls.map(([name, values]) => module[name](...values)), plain));
