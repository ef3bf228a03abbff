import assert from "node:assert/strict";
import test from "node:test";

import { probabilitiesAt } from "../../demo/client/explorer/model/formula.js";
import {
  keepLivePlace, LIVE_NAME, readLive, saidOf, withLive, withoutLive, writeLive,
} from "../../demo/client/explorer/model/live.js";
import { decodeFloats } from "../../demo/client/explorer/model/arrays.js";
import { controlsOf } from "../../demo/client/explorer/model/problems.js";
import { State } from "../../demo/client/explorer/state.js";
import { assertNear, floats, makeData, makePayload } from "./problems.js";

const CLASSES = 5;

/** `count` numbers of a list in base64. */
function part(text, from, count) {
  return floats(decodeFloats(text).slice(from, from + count));
}

/** The answer that the server would give to picture i of a payload. */
function answerOf(payload, i, place = [0.25, 0.75]) {
  const scores = Object.entries(payload.scores).map(([name, text]) => [name, part(text, i * CLASSES, CLASSES)]);
  return {
    number: 1, id: payload.id, place, anchor: i % 3, picture: "data:,",
    images: { nearest: part(payload.images.nearest, i, 1), uv: part(payload.images.uv, i, 1) },
    scores: Object.fromEntries(scores),
  };
}

const payload = makePayload();

test("the live row is answered as the same picture of the set is", () => {
  const data = makeData();
  const live = withLive(data, readLive(data, answerOf(payload, 7)), 3);
  assert.deepEqual([live.n, live.select, live.images.names.at(-1)], [21, 20, LIVE_NAME]);
  const all = probabilitiesAt(data.problems[0], 100, 0.7, 5);
  assertNear(probabilitiesAt(live.problems.at(-1), 100, 0.7, 5), all.slice(7 * CLASSES, 8 * CLASSES));
  writeLive(live, readLive(data, answerOf(payload, 11)));
  assertNear(probabilitiesAt(live.problems.at(-1), 100, 0.7, 5), all.slice(11 * CLASSES, 12 * CLASSES));
  assert.deepEqual(controlsOf(live), []);
  assert.equal(live.images.nearestAnchor.at(-1), 2);
});

test("the set that was on show is left as it was", () => {
  const [data, untouched] = [makeData(), makeData()];
  const live = withLive(data, readLive(data, answerOf(payload, 7)), 3);
  writeLive(live, readLive(data, answerOf(payload, 11)));
  assert.deepEqual(data, untouched);
  assert.deepEqual(withoutLive(live, live.live), { ...untouched, select: 3 });
});

/** How far along a list's range a value is. */
function share(value, own) {
  return (value - Math.min(...own)) / (Math.max(...own) - Math.min(...own));
}

test("the star moves on the map that is on show, and is held at its edge", () => {
  const state = new State();
  state.showData(makeData());
  state.showLive(answerOf(payload, 7, [0.1, 0.2]));
  const { images } = state.data.places;
  const [{ x, y }, { x: ownX, y: ownY }] = [images, makeData().laid.images];
  const classes = makeData().laid.classes;
  assertNear([x[20], y[20]], [share(0.1, [...ownX, ...classes.x]), share(0.2, [...ownY, ...classes.y])], 0.02);
  state.showLive(answerOf(payload, 7, [9, -9]));
  assert.equal(state.data.places.images, images);
  assertNear([x[20], y[20]], [1.04, -0.04]);
});

test("it stays where it is when the other pictures get other places", () => {
  const data = makeData();
  const live = withLive(data, readLive(data, answerOf(payload, 7, [0.1, 0.2])), 0);
  const laid = keepLivePlace(live, makeData({ seed: 2 }).laid);
  assert.equal(laid.images.x.length, 21);
  assertNear([laid.images.x[20], laid.images.y[20]], [0.1, 0.2]);
  assert.equal(keepLivePlace(data, data.laid), data.laid);
});

test("an answer of another adapter or of other classes is not shown", () => {
  const data = makeData();
  assert.equal(readLive(data, { ...answerOf(payload, 7), id: "other" }), null);
  assert.equal(readLive(data, { number: 1, message: "no" }), null);
  const { scores } = answerOf(payload, 7);
  assert.equal(readLive(data, { ...answerOf(payload, 7), scores: { ...scores, uu: floats([1, 2]) } }), null);
});

test("what is said of a live picture is what the panels show of it", () => {
  const data = makeData();
  const row = readLive(data, answerOf(payload, 7));
  for (const [beta, gamma] of [[0, 3], [0.5, 20], [1, Infinity]]) {
    const said = saidOf(data, row, beta, gamma);
    const shares = (strength) => probabilitiesAt(data, 100, strength, gamma).slice(7 * CLASSES, 8 * CLASSES);
    const best = (strength) => `class ${shares(strength).indexOf(Math.max(...shares(strength)))}`;
    assert.deepEqual([said.clip.name, said.llu.name], [best(0), best(beta)]);
    assert.match(said.llu.percent, /%$/);
  }
});

test("the state tells of a new row once, then of newer pictures, and goes back to what was selected", () => {
  const state = new State();
  const told = [];
  state.showData(makeData());
  state.select(4);
  state.subscribe((kind) => told.push(kind));
  assert.equal(state.showLive({ ...answerOf(payload, 7), id: "other" }), null);
  state.showLive(answerOf(payload, 7));
  state.showLive(answerOf(payload, 8));
  assert.equal(state.selected, 20);
  state.showLive(null);
  state.showLive(null);
  assert.deepEqual(told, ["data", "live", "data"]);
  assert.deepEqual([state.selected, state.data.n, state.data.live], [4, 20, null]);
});

test("another adapter takes the live row away until its own answer comes", () => {
  const state = new State();
  state.showData(makeData());
  state.showLive(answerOf(payload, 7));
  const next = makePayload({ seed: 3, id: "next" });
  state.showData(makeData({ seed: 3, id: "next" }));
  assert.equal(state.data.live, null);
  assert.equal(state.showLive(answerOf(payload, 7)), null);
  state.showLive(answerOf(next, 7));
  assert.equal(state.data.n, 21);
  state.showMessage("Nothing is there.");
  assert.equal(state.showLive(answerOf(next, 7)), null);
  assert.equal(state.showLive(null), null);
});
