import assert from "node:assert/strict";
import test from "node:test";

import { decodeFloats } from "../../demo/client/explorer/model/arrays.js";
import {
  decodePayload, decodePlaces, normalisePlaces, samePictures, startPlaces,
} from "../../demo/client/explorer/model/payload.js";
import { assertNear, floats, makeData, makePayload } from "./problems.js";

const NO_GROUP = new Uint8Array(9);

function layer(x, y = x) {
  return { x: Float32Array.from(x), y: Float32Array.from(y) };
}

function placesOf(images, classes = null) {
  return { images, classes };
}

test("floats come back from base64", () => {
  assert.deepEqual(decodeFloats(floats([1.5, -2, NaN])), Float32Array.of(1.5, -2, NaN));
  assert.deepEqual(decodeFloats(""), new Float32Array(0));
});

test("a payload says what it needs and the rest has its usual value", () => {
  const { beta, gamma, preset, select, thumbnails, title } = makeData({
    beta: undefined, gamma: undefined, preset: undefined, title: undefined,
  });
  assert.deepEqual([beta, gamma, preset, select, thumbnails, title], [0.5, 20, null, -1, null, ""]);
});

test("gamma may be infinity, which JSON has no number for", () => {
  assert.equal(makeData({ gamma: "inf" }).gamma, Infinity);
});

test("a payload without pictures is a message", () => {
  assert.deepEqual(decodePayload({ id: "", message: "Press Train." }), { message: "Press Train." });
});

test("every picture has a kind and counts or does not", () => {
  const { kinds, counted, images } = makeData();
  assert.deepEqual(kinds.slice(0, 3), ["train", "train", "train"]);
  assert.equal(kinds.at(-1), "query");
  assert.deepEqual(Array.from(counted), Array.from(images.group, (part) => Number(part === 1)));
});

test("a picture to select must be there", () => {
  assert.equal(makeData({ select: 19 }).select, 19);
  assert.equal(makeData({ select: 20 }).select, -1);
});

test("lengths that do not fit are told in plain words", () => {
  const scores = { ...makePayload().scores, vu: floats([1, 2]) };
  assert.throws(() => makeData({ scores }), /score matrix vu has 2 entries, expected 100/);
  assert.throws(() => makeData({ images: { names: ["a"] } }), /pictures has 1 entries, expected 20/);
});

test("places fill the unit square, each axis on its own, all layers together", () => {
  const places = placesOf(layer([0, 5], [10, 20]), layer([10], [0]));
  const { images, classes } = normalisePlaces(places, NO_GROUP);
  assertNear(images.x, [0, 0.5]);
  assertNear(images.y, [0.5, 1]);
  assertNear([classes.x[0], classes.y[0]], [1, 0]);
});

test("a class without a place does not count for the scale", () => {
  const { images, classes } = normalisePlaces(placesOf(layer([2, 4]), layer([NaN, 3])), NO_GROUP);
  assertNear(images.x, [0, 1]);
  assert.ok(Number.isNaN(classes.x[0]));
  assertNear(classes.x[1], 0.5);
});

test("a query neither shifts the others nor leaves the map", () => {
  const group = Uint8Array.of(0, 1, 2);
  const { x } = normalisePlaces(placesOf(layer([0, 1, 40])), group).images;
  assertNear(x, [0, 1, 1.04]);
});

test("points that all lie in one place stand in the middle", () => {
  assertNear(normalisePlaces(placesOf(layer([7, 7])), NO_GROUP).images.x, [0.5, 0.5]);
});

test("a projection may lack the classes", () => {
  const part = { x: floats([1]), y: floats([2]) };
  assert.deepEqual(decodePlaces({ images: part }), placesOf(layer([1], [2])));
});

test("the same pictures have the same names in the same order", () => {
  const data = makeData();
  assert.ok(samePictures(data, makeData({ seed: 2 })));
  assert.ok(!samePictures(data, makeData({ images: { names: data.images.names.toReversed() } })));
});

test("points set out from where they were, unless there are more or fewer of them", () => {
  const from = placesOf(layer([0, 1]), layer([0]));
  const to = placesOf(layer([5, 6]), layer([5, 6]));
  assert.deepEqual(startPlaces(from, to), placesOf(from.images, to.classes));
});
