import assert from "node:assert/strict";
import test from "node:test";

import { probabilitiesAt } from "../../demo/client/explorer/model/formula.js";
import {
  keepLivePlace, LIVE_NAME, readLive, saidOf, withLive, withoutLive, writeLive,
} from "../../demo/client/explorer/model/live.js";
import { decodeFloats } from "../../demo/client/explorer/model/payload.js";
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
  const all = probabilitiesAt(live, 100, 0.7, 5);
  assertNear(all.slice(20 * CLASSES), all.slice(7 * CLASSES, 8 * CLASSES));
  writeLive(live, readLive(data, answerOf(payload, 11)));
  const after = probabilitiesAt(live, 100, 0.7, 5);
  assertNear(after.slice(20 * CLASSES), after.slice(11 * CLASSES, 12 * CLASSES));
  assert.equal(live.images.nearestAnchor.at(-1), 2);
});

test("the set that was on show is left as it was", () => {
  const [data, untouched] = [makeData(), makeData()];
  const live = withLive(data, readLive(data, answerOf(payload, 7)), 3);
  writeLive(live, readLive(data, answerOf(payload, 11)));
  assert.deepEqual(data, untouched);
  assert.deepEqual(withoutLive(live, live.live), { ...untouched, select: 3 });
});

test("the star moves, and is held at the edge of the map", () => {
  const data = makeData();
  const live = withLive(data, readLive(data, answerOf(payload, 7, [0.1, 0.2])), 0);
  assertNear([live.places.images.x[20], live.places.images.y[20]], [0.1, 0.2]);
  writeLive(live, readLive(data, answerOf(payload, 7, [9, -9])));
  assertNear([live.places.images.x[20], live.places.images.y[20]], [1.04, -0.04]);
});

test("it stays where it is when the other pictures get other places", () => {
  const data = makeData();
  const live = withLive(data, readLive(data, answerOf(payload, 7, [0.1, 0.2])), 0);
  const places = keepLivePlace(live, makeData({ seed: 2 }).places);
  assert.equal(places.images.x.length, 21);
  assertNear([places.images.x[20], places.images.y[20]], [0.1, 0.2]);
  assert.equal(keepLivePlace(data, data.places), data.places);
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
