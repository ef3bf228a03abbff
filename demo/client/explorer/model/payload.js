// From the payload's JSON text to typed arrays. Nothing here touches the page.

import { decodeFloats, decodeNear, decodeScores, frozenScores, roomNear } from "./arrays.js";
import { readGamma } from "./numbers.js";
import { decodeEveryday, decodeProblems } from "./problems.js";
import { ELSEWHERE, kindOf, QUERY } from "./selection.js";
import { applySwitches, decodeParts, decodeShelf } from "./shelf/sets.js";
import { countedPictures } from "./summary.js";

/** @import { Caption, Data, EmptyPayload, Layer, Missing, Near, Payload, Places, Scores } from '../../types.d.ts' */

const QUERY_MARGIN = 0.04;

/** @type {(layer: Layer<string>) => Layer} */
function decodeLayer({ x, y }) {
  return { x: decodeFloats(x), y: decodeFloats(y) };
}

/** The coordinates of a payload, or of a position update. @type {(source: Places<string>) => Places} */
export function decodePlaces({ images, classes }) {
  return { images: decodeLayer(images), classes: classes ? decodeLayer(classes) : null };
}

/**
 * Everything the explorer needs of one payload. Throws an Error in plain words where the lengths do not fit.
 * @type {(payload: Payload | EmptyPayload) => Data | Missing}
 */
export function decodePayload(payload) {
  if (!payload.images || payload.images.n === 0) return { message: payload.message || "" };
  const { anchors, logitScale, select = -1 } = payload;
  const { names, seen } = payload.classes;
  const { n } = payload.images;
  const [parts, shelf] = [decodeParts(payload.parts), decodeShelf(payload, n)];
  const images = decodeImages(payload.images);
  const classes = { names, seen, ...(parts ? roomNear(names.length) : decodeNear(/** @type {Near<string>} */ (payload.classes))) };
  const [scores, laid] = [parts ? frozenScores(parts) : decodeScores(/** @type {Scores<string>} */ (payload.scores)), decodePlaces(payload)];
  const { problems = [], everyday = null } = payload.elsewhere ?? {};
  /** @type {Data} */
  const data = {
    id: payload.id, title: payload.title || "", preset: payload.preset || null,
    projection: payload.projection || "", n,
    logitScale, beta: payload.beta ?? 0.5, gamma: readGamma(payload.gamma ?? 20),
    statistics: parts ? payload.statistics ?? null : scores.statistics ? payload.statistics ?? true : null,
    thumbnails: payload.thumbnails || null, select: select >= 0 && select < n ? select : -1,
    images, classes, anchors: { label: anchors.label, image: anchors.image }, scores, laid,
    problems: decodeProblems(images, { classes, scores, parts }, problems, logitScale),
    everyday: decodeEveryday(everyday, decodeFloats), familiarFrom: payload.familiarFrom ?? null,
    auroc: payload.auroc ?? null, caption: decodeCaption(payload.caption),
    places: normalisePlaces(laid, images.group), counted: countedPictures(images),
    kinds: Array.from(images.names, (_, i) => kindOf(images, classes, i)), live: null, shelf,
  };
  checkLengths(data);
  applySwitches(data);
  return data;
}

/** @type {(caption: Payload["caption"]) => Caption | null} */
function decodeCaption(caption) {
  if (!caption) return null;
  const { gamma, beyond } = caption;
  return { ...caption, gamma: readGamma(gamma), beyond: { beta: beyond.beta, gamma: readGamma(beyond.gamma) } };
}

/** @type {(images: Payload["images"]) => Data["images"]} */
function decodeImages(images) {
  const { names, truth, group, nearestAnchor = truth.map(() => -1), nearest, uv, n } = images;
  return {
    names, truth: Int32Array.from(truth), group: Uint8Array.from(group), nearestAnchor,
    ...(nearest && uv ? decodeNear({ nearest, uv }) : roomNear(n)),
  };
}

/** @type {(data: Data) => void} */
function checkLengths(data) {
  for (const { n, classes, scores } of data.problems) {
    const cells = n * classes.names.length;
    for (const [name, matrix] of Object.entries(scores)) {
      if (matrix === null || matrix.length === cells) continue;
      throw new Error(`The score matrix ${name} has ${matrix.length} entries, expected ${cells}.`);
    }
  }
  for (const part of [data.images.names, data.images.truth, data.images.nearest, data.images.uv]) {
    if (part.length !== data.n) throw new Error(`A list of pictures has ${part.length} entries, expected ${data.n}.`);
  }
}

/**
 * Every projection in the unit square, so that a zoomed view stays meaningful when PCA gives way to UMAP.
 * Each axis is scaled on its own: distances on the map mean little anyway, and the card is used fully.
 * Queries have no say in the scale, or each new one would shift the map; one far outside is held at the edge. Pictures
 * elsewhere lie apart: they are given room, by all others, only while they are shown (`wide`).
 * @type {(places: Places, group: Uint8Array, wide?: boolean) => Places}
 */
export function normalisePlaces({ images, classes }, group, wide = false) {
  /** @type {(value: number, i: number) => boolean} */
  const counts = (_, i) => group[i] !== QUERY && (wide || group[i] !== ELSEWHERE);
  /** @type {(axis: "x" | "y") => number[]} */
  const extent = (axis) => extentOf([images[axis].filter(counts), ...(classes ? [classes[axis]] : [])]);
  const [[left, width], [bottom, height]] = [extent("x"), extent("y")];
  /** @type {(layer: Layer) => Layer} */
  const scaled = ({ x, y }) => ({
    x: x.map((value) => (value - left) / width), y: y.map((value) => (value - bottom) / height),
  });
  const held = scaled(images);
  holdQueries(held, group);
  return { images: held, classes: classes && scaled(classes) };
}

/** Queries far outside are held at the edge. @type {(layer: Layer, group: Uint8Array) => void} */
export function holdQueries(layer, group) {
  for (let i = 0; i < group.length; i++) {
    if (group[i] !== QUERY) continue;
    for (const axis of [layer.x, layer.y]) axis[i] = Math.min(Math.max(axis[i], -QUERY_MARGIN), 1 + QUERY_MARGIN);
  }
}

/** @type {(arrays: Float32Array[]) => number[]} */
function extentOf(arrays) {
  let low = Infinity;
  let high = -Infinity;
  for (const array of arrays) {
    for (const value of array) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return high > low ? [low, high - low] : [Number.isFinite(low) ? low - 0.5 : 0, 1];
}

/**
 * Whether two payloads show the same pictures in the same order: then zoom, selection and motion make sense.
 * @type {(a: Data, b: Data) => boolean}
 */
export function samePictures(a, b) {
  return a.n === b.n && a.images.names.every((name, i) => name === b.images.names[i]);
}

/**
 * Where points set out from: `from`, layer by layer, where the number of points is the same, else `to` at once.
 * @type {(from: Places, to: Places) => Places}
 */
export function startPlaces(from, to) {
  return {
    images: fits(from.images, to.images) ? from.images : to.images,
    classes: fits(from.classes, to.classes) ? from.classes : to.classes,
  };
}

/** @type {(before: Layer | null, layer: Layer | null) => boolean} */
function fits(before, layer) {
  return before !== null && layer !== null && before.x.length === layer.x.length;
}
