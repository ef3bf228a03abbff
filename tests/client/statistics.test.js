import assert from "node:assert/strict";
import test from "node:test";

import { decodeFloats } from "../../demo/client/explorer/model/arrays.js";
import { explainMargin, makeWorkspace, statisticsShare, sweepTo } from "../../demo/client/explorer/model/formula.js";
import { Facts } from "../../demo/client/explorer/model/lesson/facts.js";
import { LESSON } from "../../demo/client/explorer/model/lesson/steps.js";
import { readLive, saidOf, withLive, withoutLive, writeLive } from "../../demo/client/explorer/model/live.js";
import { planeAccuracies, startPlane, stepPlane } from "../../demo/client/explorer/model/plane.js";
import { countStatistics } from "../../demo/client/explorer/model/problems.js";
import { outcomeAt } from "../../demo/client/explorer/model/summary.js";
import { State } from "../../demo/client/explorer/state.js";
import { assertNear, floats, makeData, makePayload, SETTINGS } from "./problems.js";

const SEED = 71;

function swept(data, beta, gamma) {
  const workspace = makeWorkspace(data.n, data.classes.names.length);
  sweepTo(workspace, data, beta, gamma);
  return workspace;
}

test("statistics count in full from a beta on, and not at all at beta 0", () => {
  assert.deepEqual([0, 0.05, 0.2, 1].map(statisticsShare), [0, 0.25, 1, 1]);
});

test("statistics are added to every score by their share, whatever gamma is", () => {
  const [bare, data] = [makeData({ seed: SEED }), makeData({ seed: SEED, statistics: true })];
  for (const [beta, gamma] of [...SETTINGS, [0.05, 3]]) {
    const [without, found] = [swept(bare, beta, gamma).scores, swept(data, beta, gamma).scores];
    assertNear(found, without.map((score, at) => score + statisticsShare(beta) * data.scores.statistics[at]));
    assert.deepEqual(found.subarray(90), without.subarray(90), "far from what was taught not a bit changes");
    if (beta === 0) assert.deepEqual(found, without);
  }
});

test("switched off, an adapter with statistics answers as one without", () => {
  const [bare, data] = [makeData({ seed: SEED }), makeData({ seed: SEED, statistics: false })];
  countStatistics(data, false);
  for (const [beta, gamma] of SETTINGS) assert.deepEqual(swept(data, beta, gamma), swept(bare, beta, gamma));
  countStatistics(data, true);
  assert.notDeepEqual(swept(data, 1, 5).scores, swept(bare, 1, 5).scores);
});

test("a payload without statistics has no switch", () => {
  const [bare, data] = [makeData(), makeData({ statistics: false })];
  countStatistics(bare, true);
  assert.deepEqual([bare.statistics, bare.scores.statistics, data.statistics], [null, null, false]);
});

test("statistics of another length are refused", () => {
  const payload = makePayload({ statistics: true });
  assert.throws(() => makeData({ scores: { ...payload.scores, statistics: floats([1, 2]) } }), /statistics has 2 entries/);
});

test("a lead is explained without a rest, statistics included", () => {
  const data = makeData({ seed: SEED, statistics: true });
  for (const [beta, gamma] of [...SETTINGS, [0.1, 7]]) {
    const { scores } = swept(data, beta, gamma);
    const why = explainMargin(data, 4, 2, 3, beta, gamma);
    assertNear(why.image + why.text + why.statistics, why.total, 1e-9);
    assertNear(why.to - why.from, why.total, 1e-9);
    assertNear(why.to, 100 * (scores[22] - scores[23]), 1e-3);
  }
});

test("every cell of the plane has the statistics as the sweep has them", () => {
  const data = makeData({ seed: SEED, statistics: true });
  const [betas, gammas] = [[0, 0.1, 0.3, 1], [0, 5, Infinity]];
  /** @type {(on: boolean) => (number | null)[]} */
  const planeOf = (on) => {
    countStatistics(data, on);
    const job = startPlane(data, betas, gammas);
    stepPlane(job);
    return planeAccuracies(job).seen;
  };
  const [off, on] = [planeOf(false), planeOf(true)];
  const clip = swept(data, 0, 0).best;
  assert.notDeepEqual(on, off);
  assertNear(on, betas.flatMap((beta) => gammas.map((gamma) => outcomeAt(data, clip, beta, gamma).seen)));
});

test("the switch acts at once, and the server learns of it as of the sliders", () => {
  const state = new State();
  state.showData(makeData({ seed: SEED, statistics: true }));
  const told = [];
  state.subscribe((kind) => told.push(kind));
  state.switchStatistics(false);
  assert.deepEqual([told, state.data.statistics, state.data.scores.statistics], [["switched"], false, null]);
  assert.deepEqual(state.takeUnsent(), { beta: 0.5, gamma: 20, statistics: false, resting: null, masks: null });
  state.reset();
  assert.deepEqual([state.data.statistics, state.takeUnsent()?.statistics], [true, true]);
});

test("a switch that was set by hand outlives the next training, and the server is told again", () => {
  const state = new State();
  state.showData(makeData({ seed: SEED, statistics: true }));
  state.switchStatistics(false);
  state.takeUnsent();
  state.showData(makeData({ id: "other", seed: SEED, statistics: true }));
  assert.equal(state.data.scores.statistics, null);
  assert.deepEqual(state.takeUnsent(), { beta: 0.5, gamma: 20, statistics: false, resting: null, masks: null });
});

test("sliders that were set by hand are told to the server again after a training, which has set its own", () => {
  const state = new State();
  state.showData(makeData());
  state.jumpTo(0.7, 3);
  state.takeUnsent();
  state.showData(makeData({ id: "other" }));
  assert.deepEqual(state.takeUnsent(), { beta: 0.7, gamma: 3, statistics: null, resting: null, masks: null });
  state.showData(makeData({ id: "third", beta: 0.7, gamma: 3 }));
  assert.equal(state.takeUnsent(), null);
});

test("a set whose statistics were off on the server opens with them off", () => {
  const state = new State();
  state.showData(makeData({ statistics: false }));
  assert.deepEqual([state.statistics, state.data.scores.statistics], [false, null]);
});

test("a link may switch them off", () => {
  const state = new State();
  state.showData(makeData({ statistics: true }));
  state.followLink({ set: null, picture: null, beta: null, gamma: null, statistics: false, colour: null, lesson: null });
  assert.equal(state.data.statistics, false);
});

test("the lesson's numbers have them, and it says so", () => {
  const data = makeData({ seed: SEED, statistics: true });
  const clip = swept(data, 0, 0).best.slice();
  const facts = new Facts(data, clip);
  const on = facts.at(1, 5);
  countStatistics(data, false);
  const off = facts.at(1, 5);
  assert.deepEqual([on, off], [true, false].map((counted) => {
    countStatistics(data, counted);
    return outcomeAt(data, clip, 1, 5);
  }));
  const told = (counted) => {
    countStatistics(data, counted);
    const texts = LESSON.map((step) => step.told(facts, { puzzle: null, setting: { beta: 1, gamma: 5 } }));
    return texts.map((text) => text.includes("Class statistics are on"));
  };
  assert.deepEqual(told(true), [false, true, true, true, true, false]);
  assert.deepEqual(told(false), [false, false, false, false, false, false]);
});

/** `count` numbers of a list in base64. */
function row(text, from, count) {
  return floats(decodeFloats(text).slice(from, from + count));
}

/** The answer that the server would give to a live picture like picture i. */
function liveAnswer(payload, i) {
  return {
    number: 1, id: payload.id, place: [0, 0], anchor: 0, picture: "data:,",
    images: { nearest: row(payload.images.nearest, i, 1), uv: row(payload.images.uv, i, 1) },
    scores: Object.fromEntries(Object.entries(payload.scores).map(([name, text]) => [name, row(text, 5 * i, 5)])),
  };
}

test("a live picture has them as the same picture of the set has", () => {
  const payload = makePayload({ seed: SEED, statistics: true });
  for (const counted of [true, false]) {
    const data = makeData({ seed: SEED, statistics: true });
    countStatistics(data, counted);
    const all = swept(data, 0.7, 5).scores;
    const live = withLive(data, readLive(data, liveAnswer(payload, 7)), 3);
    for (const i of [7, 11]) {
      const newest = readLive(live, liveAnswer(payload, i));
      writeLive(live, newest);
      countStatistics(live, counted);
      const workspace = makeWorkspace(1, 5);
      sweepTo(workspace, live.problems.at(-1), 0.7, 5);
      assertNear(workspace.scores, all.slice(5 * i, 5 * i + 5));
      assert.equal(saidOf(live, newest, 0.7, 5).llu.name, `class ${workspace.best[0]}`);
    }
    const left = withoutLive(live, live.live);
    assert.deepEqual(swept(left, 0.7, 5).scores, all);
  }
});
