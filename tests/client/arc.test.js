import assert from "node:assert/strict";
import test from "node:test";

import { decodeFloats } from "../../demo/client/explorer/model/arrays.js";
import { arcCurves, arcKey, decodeArc, defaultAnchor, spreadLabels } from "../../demo/client/explorer/model/arc.js";
import { interpolationWeight } from "../../demo/client/explorer/model/formula.js";
import { assertNear, chance, makeData, randomProblem, sentStatistics, sentSweep, SETTINGS } from "./problems.js";

/** The sets that the arcs belong to: without class statistics, with some that count, with some that are off. */
const [PLAIN, ON, OFF] = [null, true, false].map((statistics) => ({ statistics }));

/** Pictures in the place of the points of an arc: the curves know nothing of where the points come from. */
function makeArc(seed) {
  const sweep = sentSweep(randomProblem({ seed }));
  return decodeArc({ ...sweep, t: Array.from({ length: 20 }, (_, i) => i / 19) });
}

function columnOf(matrix, k) {
  return Array.from(matrix).filter((_, at) => at % 5 === k);
}

test("the outer curves are the original and the fully updated scores at any setting", () => {
  const arc = makeArc(21);
  for (const [beta, gamma] of SETTINGS) {
    const { original, updated } = arcCurves(arc, 2, beta, gamma, PLAIN);
    assert.deepEqual(original, columnOf(arc.scores.uu, 2));
    assert.deepEqual(updated, columnOf(arc.scores.vv, 2));
  }
});

test("the localized curve is the original one at beta 0 and the updated one at beta 1 with gamma 0", () => {
  const arc = makeArc(22);
  for (const k of [0, 4]) {
    assertNear(arcCurves(arc, k, 0, 20, PLAIN).localized, columnOf(arc.scores.uu, k));
    assertNear(arcCurves(arc, k, 1, 0, PLAIN).localized, columnOf(arc.scores.vv, k));
  }
});

test("alpha along an arc is the mask at its points, and at the class text", () => {
  const arc = makeArc(23);
  const { alpha, classAlpha } = arcCurves(arc, 3, 0.5, 7, PLAIN);
  assertNear(alpha, Array.from(arc.images.nearest, (nearest) => interpolationWeight(nearest, 0.5, 7)));
  assertNear(classAlpha, interpolationWeight(arc.classes.nearest[3], 0.5, 7));
});

test("class statistics are part of the localized score alone, and only while they are on", () => {
  const plain = makeArc(24);
  const arc = { ...plain, scores: { ...plain.scores, statistics: decodeFloats(sentStatistics(24)) } };
  const [on, off, without] = [arcCurves(arc, 1, 0.1, 7, ON), arcCurves(arc, 1, 0.1, 7, OFF), arcCurves(plain, 1, 0.1, 7, PLAIN)];
  assert.deepEqual(off, without);
  assertNear(on.localized, without.localized.map((value, i) => value + 0.5 * arc.scores.statistics[5 * i + 1]));
  assert.deepEqual([on.original, on.updated, on.alpha], [off.original, off.updated, off.alpha]);
});

test("arcs are told apart by their ends", () => {
  const ends = [[1, "class", 3], [1, "image", 3], [2, "class", 3], [1, "class", 2]];
  assert.equal(new Set(ends.map(([anchor, kind, index]) => arcKey(anchor, { kind, index }))).size, ends.length);
});

test("labels that have room stay where they are", () => {
  assert.deepEqual(spreadLabels([80, 10, 40], 14, 0, 100), [80, 10, 40]);
});

test("labels keep their order and their distance, within top and bottom", () => {
  const random = chance(24);
  for (let round = 0; round < 50; round++) {
    const wanted = Array.from({ length: 3 }, () => 140 * random() - 20);
    const spread = spreadLabels(wanted, 14, 0, 100);
    const order = [0, 1, 2].toSorted((a, b) => wanted[a] - wanted[b]).map((at) => spread[at]);
    assert.ok(order[0] >= 0 && order[2] <= 100);
    assert.ok(order[1] - order[0] > 13.99 && order[2] - order[1] > 13.99);
  }
});

test("an arc starts at the picture's nearest anchor", () => {
  assert.equal(defaultAnchor(makeData(), 5), 2);
});

test("the arc of a picture that is an anchor starts at one of another class", () => {
  assert.equal(defaultAnchor(makeData(), 0), 2);
});

test("without a picture or a nearest anchor an arc starts anywhere, without anchors nowhere", () => {
  assert.equal(defaultAnchor(makeData(), -1), 0);
  assert.equal(defaultAnchor(makeData({ images: { nearestAnchor: Array.from({ length: 20 }, () => -1) } }), 4), 0);
  assert.equal(defaultAnchor(makeData({ anchors: { label: [], image: [] } }), 4), -1);
});
