// Random problems for the tests of model/: unit vectors u, their updates v, and the payload that the server makes of
// them.

import assert from "node:assert/strict";

import { decodeFloats } from "../../demo/client/explorer/model/arrays.js";
import { decodePayload } from "../../demo/client/explorer/model/payload.js";

const WIDTH = 6;

/** Settings of beta and gamma, with both ends of each. */
export const SETTINGS = [0, 0.3, 0.5, 1].flatMap((beta) => [0, 3, 20, Infinity].map((gamma) => [beta, gamma]));

/** A function that gives numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function dot(a, b) {
  return a.reduce((sum, value, j) => sum + value * b[j], 0);
}

function unit(vector) {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** (1 - a) u + a v, scaled to length one. */
export function mixed({ u, v }, a) {
  return unit(u.map((value, j) => (1 - a) * value + a * v[j]));
}

/** Points {u, v} with their similarity to the nearest of three anchors; the first point is an anchor itself. */
function randomSide(random, count, updated) {
  const direction = () => unit(list(WIDTH, () => random() - 0.2));
  const points = list(count, () => {
    const u = direction();
    return { u, v: updated ? unit(u.map((value) => value + 0.8 * (random() - 0.5))) : u };
  });
  const anchors = [points[0].u, direction(), direction()];
  return { points, nearest: points.map(({ u }) => Math.max(...anchors.map((anchor) => dot(u, anchor)))) };
}

/** Pictures and class texts, each {points, nearest}; without `updated` the update changes nothing. */
export function randomProblem({ seed = 1, pictures = 20, texts = 5, updated = true } = {}) {
  const random = chance(seed);
  return { images: randomSide(random, pictures, updated), classes: randomSide(random, texts, updated) };
}

/** Float32 numbers in base64, as the server sends them. */
export function floats(values) {
  return btoa(String.fromCharCode(...new Uint8Array(Float32Array.from(values).buffer)));
}

/** What the formula works on, as the server sends it. */
export function sentSweep({ images, classes }) {
  const matrix = (image, text) => (
    floats(images.points.flatMap((one) => classes.points.map((other) => dot(one[image], other[text])))));
  const scores = { uu: matrix("u", "u"), vu: matrix("v", "u"), uv: matrix("u", "v"), vv: matrix("v", "v") };
  return { images: sentSide(images), classes: sentSide(classes), scores };
}

function sentSide({ points, nearest }) {
  return { nearest: floats(nearest), uv: floats(points.map(({ u, v }) => dot(u, v))) };
}

function list(count, make) {
  return Array.from({ length: count }, (_, i) => make(i));
}

/**
 * A payload of 20 pictures and 5 classes. Pictures 0 to 2 are training pictures and the anchors, the last one is a
 * query, all others are test pictures; classes 0 to 2 are seen. What is given goes over what is made up. `statistics`:
 * whether class statistics count, null for an adapter without any.
 */
export function makePayload({ seed = 1, updated = true, statistics = null, images = {}, classes = {}, anchors = {}, ...rest } = {}) {
  const random = chance(seed + 1000);
  const places = (count) => ({ x: floats(list(count, random)), y: floats(list(count, random)) });
  const sweep = sentSweep(randomProblem({ seed, updated }));
  return {
    id: "model", title: "A set", preset: null, logitScale: 100, beta: 0.5, gamma: 20, projection: "PCA",
    ...(statistics === null ? {} : { statistics }),
    scores: statistics === null ? sweep.scores : { ...sweep.scores, statistics: sentStatistics(seed) },
    images: {
      n: 20, names: list(20, (i) => `picture ${i}`), group: list(20, (i) => (i < 3 ? 0 : i < 19 ? 1 : 2)),
      truth: list(20, (i) => (i < 19 ? Math.floor(5 * random()) : -1)), nearestAnchor: list(20, (i) => i % 3),
      ...sweep.images, ...places(20), ...images,
    },
    classes: {
      names: list(5, (k) => `class ${k}`), seen: list(5, (k) => k < 3),
      ...sweep.classes, ...places(5), ...classes,
    },
    anchors: { label: [0, 0, 1], image: [0, 1, 2], ...anchors },
    ...rest,
  };
}

/** The numbers of two such texts as one. */
function joined(one, other) {
  return floats([...decodeFloats(one), ...decodeFloats(other)]);
}

/** Controls as the server sends them: `sizes` = [[pictures, texts]], with what their pictures add to `images`. */
function sentControls(sizes, seed) {
  const random = chance(seed + 2000);
  return sizes.map(([n, texts], at) => {
    const { images, classes, scores } = sentSweep(randomProblem({ seed: seed + 10 * (at + 1), pictures: n, texts }));
    const names = list(n, (i) => `control ${at}, ${i}`);
    return {
      problem: { name: `control ${at}`, n, classNames: list(texts, (k) => `thing ${at}, ${k}`), ...classes, scores },
      images: { ...images, names, truth: list(n, () => Math.floor(texts * random())) },
    };
  });
}

/** A payload with controls, each {pictures, texts}, and everyday names {nearest, uv, thresholds}. */
export function withControls(payload, sizes, { seed = 1, everyday = null } = {}) {
  const images = { ...payload.images };
  const controls = sentControls(sizes, seed);
  for (const { images: more } of controls) {
    const n = more.names.length;
    const random = chance(seed + n);
    for (const key of ["nearest", "uv"]) images[key] = joined(images[key], more[key]);
    for (const axis of ["x", "y"]) images[axis] = joined(images[axis], floats(list(n, () => 3 + random())));
    Object.assign(images, {
      n: images.n + n, names: [...images.names, ...more.names], truth: [...images.truth, ...more.truth],
      group: [...images.group, ...list(n, () => 3)], nearestAnchor: [...images.nearestAnchor, ...list(n, () => 0)],
    });
  }
  return { ...payload, images, elsewhere: { problems: controls.map(({ problem }) => problem), everyday } };
}

/** Class statistics of 20 pictures and 5 classes, none for the last two pictures, as an adapter with some has them. */
export function sentStatistics(seed) {
  const random = chance(seed + 3000);
  return floats(list(100, (at) => (at < 90 ? 0.4 * (random() - 0.5) : 0)));
}

/** Scores by which all classes tie, for every picture. */
export function tiedScores() {
  const same = floats(list(100, () => 0.5));
  return { uu: same, vu: same, uv: same, vv: same };
}

export function makeData(given) {
  return decodePayload(makePayload(given));
}

/** Two numbers, or two lists of numbers, that differ by rounding at most. */
export function assertNear(found, expected, slack = 1e-5) {
  const [left, right] = [found, expected].map((value) => (typeof value === "number" ? [value] : Array.from(value)));
  assert.equal(left.length, right.length);
  left.forEach((value, i) => {
    assert.ok(Math.abs(value - right[i]) <= slack, `${value} is not ${right[i]} at index ${i}`);
  });
}
