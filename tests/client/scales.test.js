import assert from "node:assert/strict";
import test from "node:test";

import { GAMMA_STOPS, GAMMA_TICKS, gammaAt, gammaPosition } from "../../demo/client/explorer/model/scales.js";
import { assertNear } from "./problems.js";

const STOPS = Array.from({ length: GAMMA_STOPS + 1 }, (_, position) => position);

test("the slider goes from 0 to infinity", () => {
  assert.equal(gammaAt(0), 0);
  assert.equal(gammaAt(GAMMA_STOPS), Infinity);
});

test("gamma grows along the slider", () => {
  const gammas = STOPS.map(gammaAt);
  assert.ok(gammas.slice(1).every((gamma, at) => gamma >= gammas[at]));
  assert.ok(new Set(gammas).size > 0.9 * gammas.length);
});

test("a gamma of the slider leads back to a stop of that gamma", () => {
  for (const gamma of STOPS.map(gammaAt)) assert.equal(gammaAt(Math.round(gammaPosition(gamma))), gamma);
});

test("a stop of the slider leads back to itself but for the rounding of gamma to two digits", () => {
  for (const position of STOPS) assertNear(gammaPosition(gammaAt(position)), position, 0.7);
});

test("a gamma beyond the slider's range stands at the end of the numbers", () => {
  assert.equal(gammaPosition(0.001), 1);
  assertNear(gammaPosition(1e6), GAMMA_STOPS - 1);
});

test("the paper's gamma is a stop, and the ticks lie in order", () => {
  assert.ok(STOPS.map(gammaAt).includes(20));
  const positions = GAMMA_TICKS.map(gammaPosition);
  assert.deepEqual(positions, positions.toSorted((a, b) => a - b));
});
