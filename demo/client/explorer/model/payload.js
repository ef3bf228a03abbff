// From the payload's JSON text to typed arrays. Nothing here touches the page.

import { readGamma } from "./numbers.js";
import { kindOf, QUERY } from "./selection.js";
import { countedPictures } from "./summary.js";

const QUERY_MARGIN = 0.04;

/** Little-endian float32 numbers from base64; null stays null. */
export function decodeFloats(text) {
  if (text === null || text === undefined) return null;
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

/** The coordinates of a payload, or of a position update: {images, anchors, classes}, each {x, y} or null. */
export function decodePlaces(source) {
  const pair = (part) => (part && part.x && part.y ? { x: decodeFloats(part.x), y: decodeFloats(part.y) } : null);
  return { images: pair(source.images), anchors: pair(source.anchors), classes: pair(source.classes) };
}

/** Everything the explorer needs of one payload. Throws an Error in plain words where the lengths do not fit. */
export function decodePayload(payload) {
  const { classes, images, anchors } = payload;
  const data = {
    id: payload.id,
    title: payload.title || "",
    preset: payload.preset || null,
    logitScale: payload.logitScale,
    beta: payload.beta ?? 0.5,
    gamma: readGamma(payload.gamma ?? 20),
    projection: payload.projection || "",
    message: payload.message || "",
    n: images ? images.n : 0,
    thumbnails: payload.thumbnails || null,
  };
  if (data.n === 0) return data;
  data.classes = {
    names: classes.names,
    seen: classes.seen,
    nearest: decodeFloats(classes.nearest),
    uv: decodeFloats(classes.uv),
  };
  data.images = {
    names: images.names,
    truth: Int32Array.from(images.truth),
    group: Uint8Array.from(images.group),
    nearestAnchor: images.nearestAnchor,
    nearest: decodeFloats(images.nearest),
    uv: decodeFloats(images.uv),
  };
  data.anchors = { label: anchors.label, image: anchors.image };
  data.scores = Object.fromEntries(["uu", "vu", "uv", "vv"].map((name) => [name, decodeFloats(payload.scores[name])]));
  data.places = normalisePlaces(decodePlaces(payload), data.images.group);
  data.counted = countedPictures(data.images);
  data.kinds = Array.from(data.counted, (_, i) => kindOf(data.images, data.classes, i));
  data.select = payload.select >= 0 && payload.select < data.n ? payload.select : -1;
  checkLengths(data);
  return data;
}

function checkLengths(data) {
  const cells = data.n * data.classes.names.length;
  for (const [name, matrix] of Object.entries(data.scores)) {
    if (matrix.length === cells) continue;
    throw new Error(`The score matrix ${name} has ${matrix.length} entries, expected ${cells}.`);
  }
  for (const part of [data.images.names, data.images.truth, data.images.nearest, data.images.uv]) {
    if (part.length !== data.n) throw new Error(`A list of pictures has ${part.length} entries, expected ${data.n}.`);
  }
}

/**
 * Every projection in the unit square, so that a zoomed view stays meaningful when PCA gives way to UMAP.
 * Each axis is scaled on its own: distances on the map mean little anyway, and the card is used fully.
 * Queries have no say in the scale, or each new one would shift the map; one far outside is held at the edge.
 */
export function normalisePlaces(places, group) {
  const layers = Object.entries(places).filter(([, layer]) => layer);
  const scaled = { images: null, anchors: null, classes: null };
  for (const [name] of layers) scaled[name] = { x: null, y: null };
  for (const axis of ["x", "y"]) {
    const counts = (name) => (_, i) => name !== "images" || group[i] !== QUERY;
    const [low, span] = extentOf(layers.map(([name, layer]) => layer[axis].filter(counts(name))));
    for (const [name, layer] of layers) scaled[name][axis] = layer[axis].map((value) => (value - low) / span);
  }
  if (scaled.images) holdQueries(scaled.images, group);
  return scaled;
}

function holdQueries(layer, group) {
  for (let i = 0; i < group.length; i++) {
    if (group[i] !== QUERY) continue;
    for (const axis of ["x", "y"]) layer[axis][i] = Math.min(Math.max(layer[axis][i], -QUERY_MARGIN), 1 + QUERY_MARGIN);
  }
}

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

/** Whether two payloads show the same pictures in the same order: then zoom, selection and motion make sense. */
export function samePictures(a, b) {
  return a.n === b.n && a.images && b.images && a.images.names.every((name, i) => name === b.images.names[i]);
}

/** Where points set out from: `from`, layer by layer, where the number of points is the same, else `to` at once. */
export function startPlaces(from, to) {
  const layers = Object.entries(to).map(([name, layer]) => {
    const fits = layer && from[name] && from[name].x.length === layer.x.length;
    return [name, fits ? from[name] : layer];
  });
  return Object.fromEntries(layers);
}
