import assert from "node:assert/strict";
import test from "node:test";

import { harmonicMean, makeWorkspace, sweepTo } from "../../demo/client/explorer/model/formula.js";
import {
  PLANE_BETAS, PLANE_GAMMAS, planeAccuracies, planeBetas, planeGammas, startPlane, stepPlane,
} from "../../demo/client/explorer/model/plane.js";
import { summarise } from "../../demo/client/explorer/model/summary.js";
import { assertNear, makeData, tiedScores } from "./problems.js";

function planesOf(data, betas, gammas) {
  const job = startPlane(data, betas, gammas);
  assert.ok(stepPlane(job));
  return planeAccuracies(job);
}

test("the plane spans both sliders, each setting once", () => {
  const [betas, gammas] = [planeBetas(), planeGammas()];
  assert.deepEqual([betas.length, gammas.length], [PLANE_BETAS, PLANE_GAMMAS]);
  assert.deepEqual([betas[0], betas.at(-1), gammas[0], gammas.at(-1)], [0, 1, 0, Infinity]);
  assert.deepEqual([new Set(betas).size, new Set(gammas).size], [PLANE_BETAS, PLANE_GAMMAS]);
  assert.ok(betas.includes(0.5) && gammas.includes(20));
});

/** Every cell is what the sweep has at its setting. */
function assertPlaneIsSwept(data, betas, gammas) {
  const planes = planesOf(data, betas, gammas);
  const workspace = makeWorkspace(data.n, 5);
  betas.forEach((beta, b) => gammas.forEach((gamma, g) => {
    sweepTo(workspace, data, beta, gamma);
    const { seen, unseen } = summarise(data, workspace.best, new Uint8Array(data.n));
    const cell = b * gammas.length + g;
    assertNear([planes.seen[cell], planes.unseen[cell]], [seen, unseen]);
    assertNear(planes.harmonic[cell], harmonicMean(seen, unseen));
  }));
}

for (const seed of [11, 12, 13]) {
  test(`every cell of the plane is what the sweep has there, problem ${seed}`, () => {
    assertPlaneIsSwept(makeData({ seed }), planeBetas(), planeGammas());
  });
}

test("where classes tie the plane decides as the sweep does", () => {
  assertPlaneIsSwept(makeData({ scores: tiedScores() }), [0], [0, 20]);
});

test("the plane may be computed in slices", () => {
  const data = makeData({ seed: 14 });
  const [betas, gammas] = [[0, 0.5, 1], [0, 20, Infinity]];
  const job = startPlane(data, betas, gammas);
  let slices = 1;
  while (!stepPlane(job, performance.now() - 1)) slices++;
  assert.ok(slices > gammas.length);
  assert.deepEqual(planeAccuracies(job), planesOf(data, betas, gammas));
});

test("a set without test pictures of unseen classes has neither their plane nor the mean", () => {
  const data = makeData({ seed: 15, classes: { seen: Array.from({ length: 5 }, () => true) } });
  const { seen, unseen, harmonic } = planesOf(data, [0, 1], [0]);
  assert.equal(seen.length, 2);
  assert.deepEqual([unseen, harmonic], [null, null]);
});
