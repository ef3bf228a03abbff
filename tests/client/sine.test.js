import assert from "node:assert/strict";
import test from "node:test";

import { alphaAt, errorsOf, fitShift, frozen, localized, SHOTS, wanted } from "../../demo/client/explorer/model/sine.js";
import { assertNear } from "./problems.js";

const shift = fitShift(SHOTS);

test("the errors are those that were worked out beforehand", () => {
  const expected = [
    [0, 0, ".662 .849 .000"], [1, 0, ".046 .005 .640"], [1, 5, ".046 .094 .002"], [1, 100, ".046 .765 .000"],
  ];
  for (const [beta, gamma, text] of expected) {
    const { shots, beside, far } = errorsOf(SHOTS, shift, beta, gamma);
    assert.equal([shots, beside, far].map((value) => value.toFixed(3).slice(1)).join(" "), text, `${beta}, ${gamma}`);
  }
});

function loss(c) {
  return SHOTS.reduce((sum, { x, y }) => sum + (frozen(x + c) - y) ** 2, 0);
}

test("the shift is the one with the least squares", () => {
  for (const step of [-1e-4, 1e-4]) assert.ok(loss(shift) < loss(shift + step));
  for (let c = -1.57; c < 1.57; c += 0.01) assert.ok(loss(shift) <= loss(c) + 1e-12);
});

test("shots without noise give back the shift that they were made with", () => {
  for (const c of [-0.7, -0.2, 0, 0.4, 1.1]) {
    const shots = SHOTS.map(({ x }) => ({ x, y: frozen(x + c) }));
    assertNear(fitShift(shots), c, 1e-9);
  }
  assertNear(fitShift(SHOTS.map(({ x }) => ({ x, y: wanted(x) }))), 0.6, 1e-9);
});

test("alpha is beta at a shot, fades with gamma, and is the shots alone at infinity", () => {
  assert.equal(alphaAt(0.9, SHOTS, 0.7, 20), 0.7);
  assertNear(alphaAt(-1.5, SHOTS, 1, 2), Math.exp(-4), 1e-12);
  assert.equal(alphaAt(0.7, SHOTS, 1, Infinity), 0);
  assert.equal(alphaAt(0.9, SHOTS, 1, Infinity), 1);
  assert.equal(alphaAt(-9, SHOTS, 0.5, 0), 0.5);
});

test("without an update the localized function is the frozen one", () => {
  for (const x of [-2, 0, 0.9, 3]) assert.equal(localized(x, SHOTS, shift, 0, 5), frozen(x));
});
