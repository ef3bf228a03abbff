import assert from "node:assert/strict";
import test from "node:test";

import { accuracyOf, BROKEN, FIXED, MOVED, SAME } from "../../demo/client/explorer/model/formula.js";
import {
  countedPictures, directionOf, openingPicture, outcomeAt, summarise,
} from "../../demo/client/explorer/model/summary.js";
import { assertNear, makeData, SETTINGS } from "./problems.js";

/** The best class of every picture, by scores that no formula has touched. */
function bestOf(scores) {
  return Int32Array.from({ length: scores.length / 5 }, (_, i) => {
    const row = Array.from(scores.subarray(5 * i, 5 * i + 5));
    return row.indexOf(Math.max(...row));
  });
}

function outcome(data, beta, gamma) {
  return outcomeAt(data, bestOf(data.scores.uu), beta, gamma);
}

test("accuracies are those of the test pictures, by whether their class was trained", () => {
  const data = makeData({ images: { truth: Array.from({ length: 20 }, (_, i) => i % 5) } });
  const best = Int32Array.from(data.images.truth);
  best.fill(0, 0, 3);
  best[4] = 0; // of class 4, which is not trained
  const { seen, unseen, harmonic } = summarise(data, best, new Uint8Array(20));
  assert.equal(seen, 100);
  assertNear(unseen, 100 * (6 / 7));
  assertNear(harmonic, (2 * 100 * unseen) / (100 + unseen));
});

test("changes are counted among the pictures that count", () => {
  const given = { 0: FIXED, 3: FIXED, 4: FIXED, 5: BROKEN, 6: MOVED, 19: MOVED };
  const changes = Uint8Array.from({ length: 20 }, (_, i) => given[i] ?? SAME);
  const { fixed, broken, moved, changed } = summarise(makeData(), new Int32Array(20), changes);
  assert.deepEqual([fixed, broken, moved, changed], [2, 1, 1, 4]);
});

test("the test pictures count, or all labelled ones where there are none", () => {
  const images = { truth: Int32Array.of(0, 1, 0, -1), group: Uint8Array.of(0, 1, 1, 2) };
  assert.deepEqual(countedPictures(images), Uint8Array.of(0, 1, 1, 0));
  assert.deepEqual(countedPictures({ ...images, group: Uint8Array.of(0, 0, 0, 2) }), Uint8Array.of(1, 1, 1, 0));
});

test("at beta 0 nothing has changed", () => {
  const data = makeData({ seed: 41 });
  const { changed, seen } = outcome(data, 0, 20);
  assert.equal(changed, 0);
  assert.equal(seen, accuracyOf(bestOf(data.scores.uu), data.images.truth, (i) => data.kinds[i] === "seen"));
});

test("what is fixed and broken explains how far the accuracy moved", () => {
  const data = makeData({ seed: 42, classes: { seen: [true, true, true, true, true] } });
  const before = outcome(data, 0, 0);
  for (const [beta, gamma] of SETTINGS) {
    const now = outcome(data, beta, gamma);
    assertNear((now.seen - before.seen) * 16, 100 * (now.fixed - now.broken));
    assert.equal(now.changed, now.fixed + now.broken + now.moved);
  }
});

test("a set opens on the first test picture that the update fixed", () => {
  const data = makeData({ seed: 43 }); // its answers for pictures 0, 1, 2, 4, 6 change, among others
  const [clip, updated] = [bestOf(data.scores.uu), bestOf(data.scores.vv)];
  data.images.truth.set(clip);
  for (const i of [0, 6]) data.images.truth[i] = updated[i];
  assert.equal(openingPicture(data, 1, 0), 6);
});

test("a set in which nothing was fixed opens on the first picture that counts", () => {
  assert.equal(openingPicture(makeData({ updated: false }), 1, 0), 3);
});

test("a direction is that of the numbers on the tiles", () => {
  assert.deepEqual([directionOf(49, 50), directionOf(50.04, 50), directionOf(50.1, 50)], [0, 1, 2]);
});
