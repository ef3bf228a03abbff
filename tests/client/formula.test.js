import assert from "node:assert/strict";
import test from "node:test";

import {
  accuracyOf, BROKEN, changeOf, explainMargin, FIXED, harmonicMean, harmonicOf, interpolationWeight, makeWorkspace,
  mixtureNorm, MOVED, probabilitiesAt, runnerUp, SAME, softmaxRow, sweepTo,
} from "../../demo/client/explorer/model/formula.js";
import { assertNear, dot, makeData, mixed, randomProblem, SETTINGS, tiedScores } from "./problems.js";

function swept(data, beta, gamma) {
  const workspace = makeWorkspace(data.n, data.classes.names.length);
  sweepTo(workspace, data, beta, gamma);
  return workspace;
}

test("alpha is beta at an anchor and falls with distance", () => {
  assert.equal(interpolationWeight(1, 0.7, 20), 0.7);
  const falling = [1, 0.9, 0.5, 0, -1].map((nearest) => interpolationWeight(nearest, 0.7, 20));
  assert.deepEqual(falling, falling.toSorted((a, b) => b - a));
});

test("gamma 0 applies the update everywhere alike", () => {
  for (const nearest of [-1, 0, 0.3, 1]) assert.equal(interpolationWeight(nearest, 0.4, 0), 0.4);
});

test("gamma infinity applies the update at the anchors alone", () => {
  assert.equal(interpolationWeight(1, 0.4, Infinity), 0.4);
  assert.equal(interpolationWeight(0.9995, 0.4, Infinity), 0.4);
  assert.equal(interpolationWeight(0.99, 0.4, Infinity), 0);
});

test("rounding above a similarity of one does not raise alpha above beta", () => {
  assert.equal(interpolationWeight(1.0001, 0.4, 500), 0.4);
});

test("the norm of a mixture is that of the vectors mixed", () => {
  const { points } = randomProblem({ seed: 4 }).images;
  for (const { u, v } of points) {
    const sum = u.map((value, j) => 0.7 * value + 0.3 * v[j]);
    assertNear(mixtureNorm(0.3, dot(u, v)), Math.hypot(...sum));
  }
});

test("scores are the cosines of the mixtures", () => {
  const { images, classes } = randomProblem({ seed: 2 });
  const data = makeData({ seed: 2 });
  for (const [beta, gamma] of SETTINGS) {
    const { scores } = swept(data, beta, gamma);
    const z = ({ points, nearest }) => (
      points.map((point, i) => mixed(point, interpolationWeight(nearest[i], beta, gamma))));
    const [pictures, texts] = [z(images), z(classes)];
    assertNear(scores, pictures.flatMap((picture) => texts.map((text) => dot(picture, text))));
  }
});

test("beta 0 is CLIP at any gamma", () => {
  const data = makeData({ seed: 3 });
  for (const gamma of [0, 20, Infinity]) {
    const { scores, images, classes } = swept(data, 0, gamma);
    assert.deepEqual(scores, data.scores.uu);
    assert.ok([...images.alpha, ...classes.alpha].every((alpha) => alpha === 0));
  }
});

test("beta 1 with gamma 0 is the full update", () => {
  const data = makeData({ seed: 3 });
  assertNear(swept(data, 1, 0).scores, data.scores.vv);
});

test("an update that does nothing changes nothing at any setting", () => {
  const data = makeData({ seed: 5, updated: false });
  for (const [beta, gamma] of SETTINGS) assertNear(swept(data, beta, gamma).scores, data.scores.uu);
});

test("where classes tie the first one is the best", () => {
  const { best } = swept(makeData({ scores: tiedScores() }), 0, 20);
  assert.ok(best.every((k) => k === 0));
});

test("the best class is the most similar one", () => {
  const data = makeData({ seed: 6 });
  const { best, scores } = swept(data, 0.5, 20);
  best.forEach((k, i) => {
    const row = Array.from(scores.subarray(5 * i, 5 * i + 5));
    assert.equal(k, row.indexOf(Math.max(...row)));
  });
});

test("a workspace forgets the setting before", () => {
  const data = makeData({ seed: 7 });
  const used = makeWorkspace(data.n, 5);
  for (const [beta, gamma] of SETTINGS) sweepTo(used, data, beta, gamma);
  sweepTo(used, data, 0.3, 3);
  assert.deepEqual(used, swept(data, 0.3, 3));
});

test("probabilities add up to one and keep the order of the scores", () => {
  const data = makeData({ seed: 8 });
  const probabilities = probabilitiesAt(data, 10, 0.5, 20);
  const { best } = swept(data, 0.5, 20);
  for (let i = 0; i < data.n; i++) {
    const row = Array.from(probabilities.subarray(5 * i, 5 * i + 5));
    assertNear(row.reduce((sum, value) => sum + value, 0), 1);
    assert.equal(row.indexOf(Math.max(...row)), best[i]);
  }
});

test("softmax stays finite at large logits", () => {
  const out = new Float64Array(2);
  softmaxRow(out, Float32Array.of(0, 0, 1000, -1000), 1, 2, 100);
  assert.deepEqual(out, Float64Array.of(1, 0));
});

test("softmax writes where it is told to", () => {
  const out = new Float64Array(4);
  softmaxRow(out, Float32Array.of(3, 3), 0, 2, 1, 2);
  assert.deepEqual(out, Float64Array.of(0, 0, 0.5, 0.5));
});

test("the runner-up is the best of the others, of one class there is none", () => {
  assert.equal(runnerUp(Float32Array.of(0.3, 0.9, 0.8), 0, 3, 1), 2);
  assert.equal(runnerUp(Float32Array.of(9, 9, 9, 0.1, 0.2, 0.3), 1, 3, 2), 1);
  assert.equal(runnerUp(Float32Array.of(0.5), 0, 1, 0), -1);
});

test("a lead is explained without a rest, and is the lead that the sweep has", () => {
  const data = makeData({ seed: 9 });
  for (const [beta, gamma] of SETTINGS) {
    const { scores } = swept(data, beta, gamma);
    const why = explainMargin(data, 4, 2, 3, beta, gamma);
    assertNear(why.image + why.text, why.total, 1e-9);
    assertNear(why.to - why.from, why.total, 1e-9);
    assertNear(why.to, 100 * (scores[22] - scores[23]), 1e-3);
    assertNear(why.from, 100 * (data.scores.uu[22] - data.scores.uu[23]), 1e-3);
  }
});

test("changes are told apart, and a picture of unknown class is neither fixed nor broken", () => {
  assert.equal(changeOf(0, 1, 1), SAME);
  assert.equal(changeOf(0, 1, 0), FIXED);
  assert.equal(changeOf(0, 0, 1), BROKEN);
  assert.equal(changeOf(0, 1, 2), MOVED);
  assert.equal(changeOf(-1, 1, 2), MOVED);
});

test("accuracy counts the pictures that belong; of none there is none", () => {
  const [best, truth] = [Int32Array.of(0, 1, 2, 0), Int32Array.of(0, 1, 0, 1)];
  assert.equal(accuracyOf(best, truth, () => true), 50);
  assert.equal(accuracyOf(best, truth, (i) => i < 2), 100);
  assert.equal(accuracyOf(best, truth, () => false), null);
});

test("the harmonic mean lies between its two, nearer to the lower, and is missing with either", () => {
  assertNear(harmonicOf(50, 100), 200 / 3);
  assert.equal(harmonicOf(70, 70), 70);
  assert.equal(harmonicOf(0, 0), 0);
  assert.equal(harmonicMean(50, 100), harmonicOf(50, 100));
  assert.equal(harmonicMean(null, 50), null);
  assert.equal(harmonicMean(50, null), null);
});
