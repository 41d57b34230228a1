import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const quiz = await load("quiz");

test("feedback begins with a mark and a word, and ends with the why", () => {
  assert.equal(quiz.feedback({ right: true, why: "So it is." }), "✓ Yes. So it is.");
  assert.equal(quiz.feedback({ right: false, why: "That is the prior." }), "✗ Not this one. That is the prior.");
});
