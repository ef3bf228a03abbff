import assert from "node:assert/strict";
import test from "node:test";

import { interpolationWeight } from "../../demo/client/explorer/model/formula.js";
import { halfway, heightOf, leftEnd, meanShare, reachRows } from "../../demo/client/explorer/model/reach.js";
import { assertNear, makeData } from "./problems.js";

function rowOf(...nearest) {
  return { points: [0, 1], nearest: Float32Array.from(nearest) };
}

test("every test picture lies in the row of its class's kind, shots and queries in none", () => {
  const data = makeData();
  const rows = reachRows(data, "images");
  assert.deepEqual(rows.map(({ title }) => title), ["taught", "not taught"]);
  for (const { key, points } of rows) assert.ok(points.every((i) => data.kinds[i] === key));
  assert.equal(rows.flatMap(({ points }) => points).length, 16);
});

test("without test pictures the shots are on the strip", () => {
  const data = makeData({ images: { group: Array.from({ length: 20 }, () => 0) } });
  assert.deepEqual(reachRows(data, "images").map(({ key, points }) => [key, points.length]), [["seen", 20]]);
});

test("class names have a strip too", () => {
  const rows = reachRows(makeData(), "classes");
  assert.deepEqual(rows.map(({ points }) => points), [[0, 1, 2], [3, 4]]);
});

test("the axis begins a tenth at most below the least similar point", () => {
  assertNear(leftEnd([rowOf(0.57, 0.9, 0.1)]), 0.5);
  assertNear(leftEnd([rowOf(0.9, 0.95), rowOf(0.41, 0.9)]), 0.4);
  assertNear(leftEnd([rowOf(1, 1)]), 0.9);
});

test("half of the update is left where the mask says so", () => {
  for (const gamma of [0.7, 5, 20, 100]) assertNear(interpolationWeight(halfway(gamma), 1, gamma), 0.5);
  assert.deepEqual([halfway(0), halfway(0.5), halfway(Infinity)], [null, null, null]);
});

test("the share of a row is the mean of alpha / beta", () => {
  const row = { nearest: Float32Array.of(1, 0.9, 0.5), points: [0, 1, 2] };
  assertNear(meanShare(row, 5), (1 + Math.exp(-0.5) + Math.exp(-2.5)) / 3);
  assert.equal(meanShare(row, 0), 1);
  assertNear(meanShare(row, Infinity), 1 / 3);
});

test("a dot keeps its height, and heights fill the row", () => {
  const heights = Array.from({ length: 100 }, (_, i) => heightOf(i));
  assert.deepEqual(heights, heights.map((_, i) => heightOf(i)));
  assert.ok(Math.min(...heights) >= 0 && Math.max(...heights) < 1);
  assert.ok(new Set(heights.map((height) => Math.floor(10 * height))).size === 10);
});
