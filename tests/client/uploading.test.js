import assert from "node:assert/strict";
import { test } from "node:test";

import { amountOf } from "../../demo/client/question/uploading.js";

test("an upload is told in the unit that fits it, and never as more than it is", () => {
  assert.equal(amountOf(0, 15 * 2 ** 20), "0 of 15 MB");
  assert.equal(amountOf(0.2, 15 * 2 ** 20), "3 of 15 MB");
  assert.equal(amountOf(1, 15 * 2 ** 20 - 5), "15 of 15 MB");
  assert.equal(amountOf(0.5, 3000), "1 of 3 kB");
  assert.equal(amountOf(2, 100), "0 of 1 kB");
});
