import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const it = await load("hallucination");
const draws = [["getcwd", "real", [0.9, 0.5]], ["getc", "invented", [1]], ["fork", "copied", []], ["", "invented", []]];

test("invented is not what was copied", () => {
  assert.equal(it.share(draws), 0.5);
});

test("a name's chance is the product of its letters'", () => {
  assert.equal(it.chance([0.9, 0.5]), 0.45);
  assert.equal(it.chance([]), 1);
});

test("pages go round and miss no draw", () => {
  assert.deepEqual(it.page(24, 0), [0, 1, 2, 3, 4, 5, 6, 7]);
  const seen = new Set([0, 1, 2].flatMap((turn) => it.page(24, turn)));
  assert.equal(seen.size, 24);
  assert.deepEqual(it.page(24, 3), it.page(24, 0));
  assert.equal(it.page(5, 1).length, 5);
});

test("a guess is right if it says invented of what is invented, and of nothing else", () => {
  assert.equal(it.score(draws, []), 2);
  assert.equal(it.score(draws, [false, true, false, true]), 4);
  assert.equal(it.score(draws, [true, true, true, true]), 2);
});
