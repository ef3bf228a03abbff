import assert from "node:assert/strict";
import test from "node:test";

import { reachOf, strengthAt } from "../../demo/client/explorer/map/shade.js";
import { HIDDEN, SHOWN } from "../../demo/client/explorer/model/selection.js";
import { assertNear } from "./problems.js";

const ALPHA = Float64Array.of(0.5, 0.1, 0.3);
const PLACES = { x: Float32Array.of(0.2, 0.8, 0.805), y: Float32Array.of(0.2, 0.8, 0.8) };

/** The strength of every cell of the map. */
function strengths(places, alpha, shade, kinds = ["train", "seen", "unseen"]) {
  const reach = reachOf(places, kinds);
  return Array.from({ length: reach.starts.length - 1 }, (_, cell) => strengthAt(reach, cell, alpha, shade));
}

test("at a lone picture the shade has its alpha, and nothing where there is no picture", () => {
  const shade = Uint8Array.of(SHOWN, HIDDEN, HIDDEN);
  const found = strengths(PLACES, ALPHA, shade);
  assertNear(Math.max(...found), 0.5);
  const covered = found.filter((value) => value > 0).length / found.length;
  assert.ok(covered > 0.005 && covered < 0.03, `${covered} of the map is covered`);
});

test("between pictures it lies between their alphas", () => {
  const found = strengths(PLACES, ALPHA, Uint8Array.of(HIDDEN, SHOWN, SHOWN));
  assert.ok(Math.max(...found) > 0.1 && Math.max(...found) < 0.3);
});

test("a picture that was asked about casts none", () => {
  const found = strengths(PLACES, ALPHA, new Uint8Array(3), ["query", "query", "query"]);
  assert.equal(Math.max(...found), 0);
});

test("hidden pictures and those without a place cast none", () => {
  assert.equal(Math.max(...strengths(PLACES, ALPHA, Uint8Array.of(HIDDEN, HIDDEN, HIDDEN))), 0);
  const nowhere = { x: Float32Array.of(NaN), y: Float32Array.of(NaN) };
  assert.equal(Math.max(...strengths(nowhere, ALPHA, Uint8Array.of(SHOWN))), 0);
});
