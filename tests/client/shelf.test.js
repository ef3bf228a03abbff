import assert from "node:assert/strict";
import test from "node:test";

import { linkHash } from "../../demo/client/explorer/link.js";
import { interpolationWeight } from "../../demo/client/explorer/model/formula.js";
import { decodePayload } from "../../demo/client/explorer/model/payload.js";
import { makeSweeps, sweepAll } from "../../demo/client/explorer/model/problems.js";
import { settingOf, shadedSetting } from "../../demo/client/explorer/model/shelf/masks.js";
import { withoutSets } from "../../demo/client/explorer/model/shelf/sets.js";
import { State } from "../../demo/client/explorer/state.js";
import { assertNear, chance, dot, floats, makePayload, SETTINGS } from "./problems.js";

const [PICTURES, TEXTS, WIDTH, SETS] = [20, 5, 6, 2];

function unit(vector) {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Points, each with its places, itself and g of it for every set, the cosine to the nearest anchor of every set, and how
 * close the set is by `closenessOf` the cosines to its anchors. */
function randomSide(random, count, closenessOf) {
  const direction = () => unit(Array.from({ length: WIDTH }, () => random() - 0.3));
  const anchors = Array.from({ length: SETS }, () => [direction(), direction()]);
  return Array.from({ length: count }, () => {
    const point = direction();
    const cosines = anchors.map((own) => own.map((anchor) => dot(point, anchor)));
    const near = cosines.map((own) => Math.max(...own));
    return { places: [point, direction(), direction()], near, close: cosines.map(closenessOf) };
  });
}

function sentPart(points) {
  const pairs = [[0, 1], [0, 2], [1, 2]];
  return {
    nearest: [0, 1].map((s) => floats(points.map(({ near }) => near[s]))),
    pairs: pairs.map(([a, b]) => floats(points.map(({ places }) => dot(places[a], places[b])))),
    anchor: [0, 1].map(() => points.map(() => 0)),
  };
}

function sentCloseness() {
  return [0, 1].map((s) => floats(IMAGES.map(({ close }) => close[s])));
}

function sentSet(id, given) {
  return { id, name: id === "page" ? "" : id, title: id, beta: 0.5, gamma: 20, on: true, why: "", kept: id !== "page", ...given };
}

const RANDOM = chance(7);
const IMAGES = randomSide(RANDOM, PICTURES, (own) => Math.log(sum(own.map((c) => Math.exp(50 * c))) / own.length));
const CLASSES = randomSide(RANDOM, TEXTS, (own) => 500 * Math.max(...own));

/** A payload of two sets that act together; `page` and `shelf`: what is told of each. */
function together({ id = "both", page = {}, shelf = {}, ...rest } = {}) {
  const products = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => (
    floats(IMAGES.flatMap((image) => CLASSES.map((text) => dot(image.places[a], text.places[b])))))));
  const sets = [sentSet("page", page), sentSet("shapes", shelf)];
  return makePayload({
    id, beta: sets[0].beta, gamma: sets[0].gamma, shelf: sets, owners: Array.from({ length: 19 }, (_, i) => i % 2), familiarities: [0.5, 0.5],
    parts: { images: { ...sentPart(IMAGES), closeness: sentCloseness() }, classes: sentPart(CLASSES), products, statistics: [null, null] }, ...rest,
  });
}

/** w of a point. */
function sharesOf({ close }) {
  const total = sum(close.map((c) => Math.exp(c - close[0])));
  return close.map((c) => Math.exp(c - close[0]) / total);
}

/** z of a point, by the rule: its shares, and each set's own mask. */
function moved(point, settings) {
  const { places, near } = point;
  const shares = sharesOf(point);
  const alpha = near.map((c, s) => shares[s] * interpolationWeight(c, ...settings[s]));
  const kept = 1 - alpha[0] - alpha[1];
  return unit(places[0].map((value, j) => kept * value + alpha[0] * places[1][j] + alpha[1] * places[2][j]));
}

/** How near a point is to every set, by which names are the set's own. */
function nearOf(point, gamma, settings) {
  const floor = Math.exp(-gamma);
  return sharesOf(point).map((share, s) => {
    const distance = Math.min(Math.max(1 - point.near[s], 0), 1);
    return share * Math.min(1, settings[s][0] / 0.2) * ((Math.exp(-gamma * distance) - floor) / (1 - floor));
  });
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function asParts(values) {
  return values.map((value) => Math.max(value / Math.max(sum(values), 1e-30), 1e-30));
}

/** A picture's scores of all names, whose logits gain near(x) near(t) log sum w(t) u(x) / v(x). */
function expected(image, settings) {
  const scores = CLASSES.map((text) => dot(moved(image, settings), moved(text, settings)));
  const near = CLASSES.map((text) => nearOf(text, 3, settings));
  const odds = scores.map((score) => Math.exp(100 * (score - scores[0])));
  const sets = settings.map((_, s) => s);
  const said = asParts(sets.map((s) => sum(near.map((own, k) => own[s] * odds[k])) / sum(odds)));
  const due = asParts(sets.map((s) => sharesOf(image)[s] * Math.max(...near.map((own) => own[s]))));
  return scores.map((score, k) => {
    const ratio = sum(sharesOf(CLASSES[k]).map((share, s) => (share * due[s]) / said[s]));
    return score + (sum(nearOf(image, 1, settings)) * sum(near[k]) * Math.log(ratio)) / 100;
  });
}

test("two sets, each with a beta and gamma of its own, answer by the rule", () => {
  const data = decodePayload(together());
  const sweeps = makeSweeps(data);
  SETTINGS.forEach((own, at) => {
    const other = SETTINGS[(at + 5) % SETTINGS.length];
    Object.assign(data.shelf.able[1], { beta: other[0], gamma: other[1] });
    sweepAll(sweeps, data, ...own);
    const wanted = IMAGES.flatMap((image) => expected(image, [own, other]));
    assertNear(sweeps.workspaces[0].scores, wanted);
  });
});

test("where no set acts it is the frozen model, whatever their settings", () => {
  const data = decodePayload(together({ page: { beta: 1, gamma: 0 } }));
  const sweeps = makeSweeps(data);
  sweepAll(sweeps, withoutSets(data), 1, 0);
  assert.deepEqual(sweeps.workspaces[0].scores, data.problems[0].parts.products[0]);
});

function shown(given) {
  const state = new State();
  state.showData(decodePayload(together(given)));
  return state;
}

const settingsIn = (state) => state.data.shelf.able.map(({ beta, gamma }) => [beta, gamma]);

test("the sliders move the set on the page, until another one is chosen for them", () => {
  const state = shown({ page: { beta: 1, gamma: 5 }, shelf: { beta: 0.2, gamma: "inf" } });
  const told = [];
  state.subscribe((kind) => told.push(kind));
  assert.deepEqual([state.beta, state.gamma, ...settingsIn(state)], [1, 5, [1, 5], [0.2, Infinity]]);
  state.moveTo(0.4, null);
  state.giveSliders("shapes");
  state.giveSliders("shapes");
  assert.deepEqual([state.beta, state.gamma, told], [0.2, Infinity, ["moving", "changed"]]);
  state.jumpTo(null, 3);
  assert.deepEqual(settingsIn(state), [[0.4, 5], [0.2, 3]]);
  assert.deepEqual(state.takeUnsent(), { beta: 0.4, gamma: 5, statistics: null, resting: [], masks: { shapes: [0.2, 3] } });
  state.reset();
  assert.deepEqual(settingsIn(state), [[0.4, 5], [0.2, Infinity]]);
  assert.deepEqual(state.takeUnsent()?.masks, { shapes: [0.2, "inf"] });
});

test("a link is about the set on the page, and so is one that is followed", () => {
  const state = shown({ page: { beta: 1, gamma: 5 } });
  state.giveSliders("shapes");
  state.jumpTo(0.3, 2);
  assert.match(linkHash(state), /beta=1&gamma=5/);
  state.followLink({ set: null, picture: null, beta: 0.6, gamma: 7, statistics: null, colour: null, lesson: null });
  assert.deepEqual([state.data.shelf.moved, ...settingsIn(state)], [0, [0.6, 7], [0.3, 2]]);
});

test("what the hand moved goes with its set, also when that leaves the page or comes there", () => {
  const state = new State();
  state.showData(decodePayload(makePayload({ id: "first", beta: 1, gamma: 5 })));
  state.moveTo(0.3, null);
  const joined = together({
    id: "joined", page: { id: "second", beta: 0.9, gamma: 8 }, shelf: { id: "first", name: "first", beta: 1, gamma: 5 },
  });
  state.showData(decodePayload(joined));
  assert.deepEqual([state.beta, ...settingsIn(state)], [0.9, [0.9, 8], [0.3, 5]]);
  state.giveSliders("first");
  state.showData(decodePayload({ ...joined, id: "joined again" }));
  assert.deepEqual([state.beta, state.data.shelf.moved], [0.3, 1]); // the sliders stay with their set
  state.showData(decodePayload(makePayload({ id: "first", beta: 1, gamma: 5 })));
  assert.deepEqual([state.beta, state.gamma], [0.3, 5]);
});

test("a training keeps what the hand moved, and no other set's", () => {
  const state = shown({ page: { id: "old", beta: 1, gamma: 5 } });
  state.moveTo(0.3, null);
  state.giveSliders("shapes");
  state.moveTo(0.8, 1);
  state.showData(decodePayload(together({ id: "trained", page: { id: "new", beta: 0.9, gamma: 8 } })));
  assert.deepEqual([state.beta, state.data.shelf.moved, ...settingsIn(state)], [0.3, 0, [0.3, 5], [0.8, 1]]);
  state.giveSliders("shapes");
  state.showMessage("Press Train.");
  assert.deepEqual([state.beta, state.gamma], [0.3, 5]);
});

test("the strip is shaded by the sliders' set while that acts, and a point has the setting of its own", () => {
  const state = shown({ page: { beta: 1, gamma: 5 }, shelf: { beta: 0.2, gamma: 3 } });
  const { shelf } = state.data;
  assert.deepEqual(shadedSetting(shelf, state), { beta: 1, gamma: 5, title: "page", set: 0 });
  state.giveSliders("shapes");
  assert.equal(shadedSetting(shelf, state).title, "shapes");
  state.switchSet("shapes", false);
  assert.equal(shadedSetting(shelf, state).title, "page");
  state.switchSet("", false);
  assert.deepEqual(shadedSetting(shelf, state), { beta: 0, gamma: 3, title: "all sets are off", set: -1 });
  for (const name of ["", "shapes"]) state.switchSet(name, true);
  const at = Array.from(shelf.nearest.images).indexOf(1);
  assert.equal(settingOf(shelf, "images", at, state).beta, 0.2);
  assert.deepEqual(settingOf(null, "images", at, { beta: 0.7, gamma: 1 }), { beta: 0.7, gamma: 1 });
});
