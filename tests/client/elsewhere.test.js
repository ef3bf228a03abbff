import assert from "node:assert/strict";
import test from "node:test";

import { captionOf } from "../../demo/client/explorer/model/caption.js";
import { makeWorkspace, mixtureNorm, sweepTo } from "../../demo/client/explorer/model/formula.js";
import { decodePayload, normalisePlaces } from "../../demo/client/explorer/model/payload.js";
import { planeAccuracies, planeBetas, planeGammas, startPlane, stepPlane } from "../../demo/client/explorer/model/plane.js";
import {
  accuracyElsewhere, classNamesOf, makeSweeps, markMoved, problemIndex, sweepAll,
} from "../../demo/client/explorer/model/problems.js";
import { reachRows, readoutOf } from "../../demo/client/explorer/model/reach.js";
import { countHidden, HIDDEN, isFiltering, makeFilter, SHOWN } from "../../demo/client/explorer/model/selection.js";
import { outcomeAt } from "../../demo/client/explorer/model/summary.js";
import { State } from "../../demo/client/explorer/state.js";
import { assertNear, floats, makeData, makePayload, SETTINGS, withControls } from "./problems.js";

const SIZES = [[9, 3], [14, 6]];
const EVERYDAY = {
  names: ["a", "b", "c", "d"], nearest: floats([1, 0.9, 0.6, 0.6]), uv: floats([0.2, 0.2, 0.2, 0.9]),
  thresholds: floats([0.9, 0.9, 0.9, 0.9]),
};

function withThings(given = {}) {
  return decodePayload({ ...withControls(makePayload(given), SIZES, { everyday: EVERYDAY }), ...given });
}

function short(value) {
  return value.toFixed(1).replace(/\.0$/, "");
}

function sweptAt(data, beta, gamma) {
  const sweeps = makeSweeps(data);
  sweepAll(sweeps, data, beta, gamma);
  return sweeps;
}

test("controls are rows after the set's own, each among the classes of its problem", () => {
  const data = withThings();
  assert.deepEqual(data.problems.map(({ name, start, n }) => [name, start, n]), [
    ["", 0, 20], ["control 0", 20, 9], ["control 1", 29, 14],
  ]);
  assert.deepEqual([0, 19, 20, 28, 29, 42].map((i) => problemIndex(data, i)), [0, 0, 1, 1, 2, 2]);
  assert.deepEqual(classNamesOf(data, 20), ["thing 0, 0", "thing 0, 1", "thing 0, 2"]);
  assert.ok(data.kinds.every((kind, i) => (kind === "elsewhere") === (i >= 20)));
  assert.deepEqual(Array.from(data.counted.subarray(20)), Array.from({ length: 23 }, () => 0));
});

test("a set without controls is one problem, and has no accuracy elsewhere", () => {
  const data = makeData();
  assert.equal(data.problems.length, 1);
  assert.deepEqual([accuracyElsewhere(data, new Int32Array(20)), data.everyday], [null, null]);
  assert.equal(outcomeAt(data, new Int32Array(20), 1, 5).names, null);
});

test("a control with too few scores is told in plain words", () => {
  const payload = withControls(makePayload(), SIZES);
  payload.elsewhere.problems[1].scores.uv = floats([1]);
  assert.throws(() => decodePayload(payload), /score matrix uv has 1 entries, expected 84/);
});

test("answers and alphas of all problems are those of each alone", () => {
  const data = withThings();
  for (const [beta, gamma] of SETTINGS) {
    const { best, alpha } = sweptAt(data, beta, gamma);
    for (const problem of data.problems) {
      const alone = makeWorkspace(problem.n, problem.classes.names.length);
      sweepTo(alone, problem, beta, gamma);
      assert.deepEqual(best.subarray(problem.start, problem.start + problem.n), alone.best);
      assert.deepEqual(alpha.subarray(problem.start, problem.start + problem.n), alone.images.alpha);
    }
  }
});

test("accuracy elsewhere is the mean over the problems, whatever their size", () => {
  const data = withThings();
  const best = data.images.truth.map((truth, i) => (i === 20 || i >= 29 ? truth : -1));
  assertNear(accuracyElsewhere(data, best), (100 / 9 + 100) / 2);
});

test("the controls leave the numbers of the set as they are", () => {
  const [plain, more] = [makeData(), withThings()];
  for (const [beta, gamma] of SETTINGS) {
    const [one, other] = [plain, more].map((data) => outcomeAt(data, sweptAt(data, 0, 0).best, beta, gamma));
    assert.deepEqual({ ...other, elsewhere: null, names: null }, one);
  }
});

test("a name has moved where it is further from itself than its threshold allows", () => {
  const { everyday } = withThings();
  assert.equal(markMoved({ everyday, shelf: null }, 0, 5), 0);
  assert.equal(markMoved({ everyday, shelf: null }, 1, 0), 3); // to u.v = .2, .2, .2 and .9, which is no less than .9
  assert.deepEqual(Array.from(everyday.moved), [1, 1, 1, 0]);
  assert.equal(markMoved({ everyday, shelf: null }, 1, Infinity), 1);
  const a = Math.exp(-5 * 0.4);
  assert.equal((1 - a + 0.2 * a) / mixtureNorm(a, 0.2) < 0.9, false);
  assert.equal(markMoved({ everyday, shelf: null }, 1, 5), 2);
});

test("the plane's map of elsewhere is what the sweeps have at every setting", () => {
  const [data, betas, gammas] = [withThings({ seed: 4 }), planeBetas(), planeGammas()];
  const job = startPlane(data, betas, gammas);
  let slices = 1;
  while (!stepPlane(job, performance.now() - 1)) slices++;
  assert.ok(slices > 10);
  const { elsewhere } = planeAccuracies(job);
  betas.forEach((beta, b) => gammas.forEach((gamma, g) => {
    const expected = accuracyElsewhere(data, sweptAt(data, beta, gamma).best);
    assertNear(elsewhere[b * gammas.length + g], expected);
  }));
  assert.equal(planeAccuracies(startPlane(makeData(), [0], [0])).elsewhere, null);
});

test("the strip has a row of what lies elsewhere, and one of everyday names", () => {
  const data = withThings();
  assert.deepEqual(reachRows(data, "images").map(({ key, points }) => [key, points.length]).at(-1), ["elsewhere", 23]);
  const names = reachRows(data, "classes").at(-1);
  assert.deepEqual([names.key, names.points, names.names], ["everyday", [0, 1, 2, 3], EVERYDAY.names]);
  markMoved(data, 1, 0);
  assert.match(readoutOf(data, "classes", { beta: 1, gamma: 0 }), /^3 of 4 everyday names moved noticeably \u00b7 the whole/);
  assert.equal(readoutOf({ ...data, auroc: 0.977 }, "images", { beta: 0, gamma: 5 }),
    "similarity tells taught from not taught: AUROC .98 \u00b7 no update: beta is 0");
});

test("what lies elsewhere is off at first, and that is no filter", () => {
  const filter = makeFilter();
  assert.ok(filter.kinds.has("elsewhere") && !isFiltering(filter));
  filter.kinds.add("train");
  assert.ok(isFiltering(filter));
  assert.equal(countHidden(Uint8Array.of(HIDDEN, HIDDEN, SHOWN), ["elsewhere", "train", "seen"]), 1);
});

test("pictures elsewhere have room on the map only while they are shown", () => {
  const data = withThings();
  const own = makeData();
  assertNear(data.places.images.x.subarray(0, 20), own.places.images.x);
  assert.ok(data.places.images.x[25] > 1);
  const wide = normalisePlaces(data.laid, data.images.group, true).images;
  assert.ok(Math.max(...wide.x) === 1 && Math.max(...wide.x.subarray(0, 20)) < 0.5);
  const [state, told] = [new State(), []];
  state.showData(data);
  state.subscribe((kind) => told.push(kind));
  state.toggleKind("elsewhere");
  assert.deepEqual([told, state.data.places.images], [["changed", "places"], wide]);
  state.toggleKind("elsewhere");
  assertNear(state.data.places.images.x.subarray(0, 20), own.places.images.x);
});

test("a caption has the numbers of its two settings and of CLIP, whatever the sliders show", () => {
  const caption = {
    text: "{clip:taught} to {taught}, {elsewhere}; {beyond:elsewhere}, {beyond:names} names; {other}", beta: 1, gamma: "inf",
    beyond: { beta: 1, gamma: 0 },
  };
  const data = withThings({ caption, beta: 0.3 });
  const clip = sweptAt(data, 0, 0).best;
  const [at, there] = [outcomeAt(data, clip, 1, Infinity), outcomeAt(data, clip, 1, 0)];
  assert.equal(captionOf(data, clip), `${short(outcomeAt(data, clip, 0, 0).seen)} to ${short(at.seen)}, `
    + `${short(at.elsewhere)}; ${short(there.elsewhere)}, 3 names; {other}`);
  assert.equal(captionOf(makeData(), clip), "");
});
