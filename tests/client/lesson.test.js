import assert from "node:assert/strict";
import test from "node:test";

import { LESSON } from "../../demo/client/explorer/model/lesson.js";
import { outcomeAt } from "../../demo/client/explorer/model/summary.js";
import { makeWorkspace, sweepTo } from "../../demo/client/explorer/model/formula.js";
import { makeData } from "./problems.js";

/** What a step tells of a set, as the tab asks for it. */
function toldOf(step, data) {
  const workspace = makeWorkspace(data.n, 5);
  sweepTo(workspace, data, 0, 0);
  const at = (beta, gamma) => outcomeAt(data, workspace.best, beta, gamma);
  return step.told(at, at(0, 0));
}

function summary(values) {
  return { seen: 50, unseen: 50, harmonic: 50, fixed: 0, broken: 0, moved: 0, changed: 0, ...values };
}

test("every step has a question, choices, and a verdict that is one of them", () => {
  for (const seed of [51, 52, 53]) {
    for (const step of LESSON) {
      const { right, text } = toldOf(step, makeData({ seed }));
      assert.ok(step.question.endsWith("?"));
      assert.ok(step.choices[right], step.title);
      assert.ok(text.length > 40);
    }
  }
});

test("without an update none differ", () => {
  assert.equal(LESSON[0].choices[toldOf(LESSON[0], makeData({ seed: 54 })).right], "None");
});

test("steps that speak of unseen classes say so where a set has none", () => {
  const data = makeData({ seed: 55, classes: { seen: [true, true, true, true, true] } });
  const silent = LESSON.filter((step) => toldOf(step, data).right === null).map(({ title }) => title);
  assert.deepEqual(silent, ["Everywhere", "The balance"]);
});

test("a step's verdict is computed from the set, not written down", () => {
  const [, everywhere, nearby] = LESSON;
  for (const [unseen, right] of [[40, 0], [50, 1], [60, 2]]) {
    assert.equal(everywhere.told(() => summary({ unseen }), summary()).right, right);
  }
  for (const [changed, right] of [[1, 0], [5, 1], [9, 2]]) {
    const at = (_, gamma) => summary({ changed: gamma === 0 ? 5 : changed });
    assert.equal(nearby.told(at, summary()).right, right);
  }
});

test("the balance is where the harmonic mean is highest", () => {
  const balance = LESSON.at(-1);
  for (const [peak, right] of [[2, 0], [20, 1], [200, 2]]) {
    const at = (_, gamma) => summary({ harmonic: -Math.abs(Math.log((gamma || 1e-9) / peak)) });
    assert.equal(balance.told(at, summary()).right, right);
  }
});
