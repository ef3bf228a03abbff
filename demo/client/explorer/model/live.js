// The live picture: one more row of the data set on show, rewritten with every answer and gone when the webcam is off.

import { decodeNear, decodeScores } from "./arrays.js";
import { makeWorkspace, softmaxRow, sweepTo } from "./formula.js";
import { formatPercent, formatWeight } from "./numbers.js";
import { asCounted } from "./problems.js";
import { QUERY } from "./selection.js";

/** @import { CameraAnswer, Data, Layer, LivePlace, LiveRow, LiveSaid, Places } from '../../types.d.ts' */
/** @import { Scores, Sweep } from '../../types.d.ts' */

export const LIVE_NAME = "live picture";

/**
 * An answer as a row for `data`; null where it is of another adapter, or of other classes.
 * @type {(data: Data, answer: CameraAnswer) => LiveRow | null}
 */
export function readLive(data, { id, images, anchor = -1, scores, place, picture = "" }) {
  if (id !== data.id || !images || !scores || !place) return null;
  const row = { near: decodeNear(images), anchor, scores: decodeScores(scores), place, picture };
  return row.scores.uu.length === data.classes.names.length ? row : null;
}

/**
 * The data set with a last row for the live picture, selected: a problem of one picture among the set's own classes.
 * @type {(data: Data, row: LiveRow, selected: number) => Data}
 */
export function withLive(data, row, selected) {
  const [at, { images }, [own]] = [data.n, data, data.problems];
  const grown = {
    names: [...images.names, LIVE_NAME], nearestAnchor: [...images.nearestAnchor, row.anchor],
    truth: Int32Array.of(...images.truth, -1), group: Uint8Array.of(...images.group, QUERY),
    nearest: longer(images.nearest, 1), uv: longer(images.uv, 1),
  };
  const rows = { nearest: grown.nearest.subarray(at), uv: grown.uv.subarray(at) };
  const scores = mapScores(row.scores, (values) => values.slice());
  const set = {
    ...data, n: at + 1, select: at, live: { row: at, before: data, selected, picture: row.picture }, images: grown,
    problems: [
      ...data.problems, { ...own, start: at, n: 1, images: rows, scores, statistics: scores.statistics, live: true },
    ],
    counted: Uint8Array.of(...data.counted, 0), laid: withLivePlace(data.laid, row.place),
    kinds: [...data.kinds, /** @type {const} */ ("query")],
  };
  writeLive(set, row);
  return set;
}

/**
 * The data set as it was before, with what it has learnt of its places.
 * @type {(data: Data, live: LivePlace) => Data}
 */
export function withoutLive({ laid, projection }, { row, before, selected }) {
  const images = { x: laid.images.x.slice(0, row), y: laid.images.y.slice(0, row) };
  return { ...before, projection, laid: { ...laid, images }, select: selected };
}

/** Put a newer row in the place of the last one. @type {(data: Data, row: LiveRow) => void} */
export function writeLive({ images, laid, problems, live }, row) {
  if (!live) return;
  live.picture = row.picture;
  images.nearestAnchor[live.row] = row.anchor;
  images.nearest.set(row.near.nearest, live.row);
  images.uv.set(row.near.uv, live.row);
  const problem = problems[problems.length - 1];
  mapScores({ ...problem.scores, statistics: problem.statistics }, (values, name) => {
    values.set(row.scores[name] ?? []);
    return values;
  });
  putPlace(laid.images, live.row, row.place);
}

/** Another layout of the same pictures, with the live one where it was. @type {(data: Data, laid: Places) => Places} */
export function keepLivePlace({ live, laid: { images: { x, y } } }, laid) {
  return live ? withLivePlace(laid, [x[live.row], y[live.row]]) : laid;
}

/**
 * What both models say to a live picture, for people.
 * @type {(data: Data, row: LiveRow, beta: number, gamma: number) => LiveSaid}
 */
export function saidOf(data, row, beta, gamma) {
  const { names } = data.classes;
  /** @type {Sweep} */
  const one = { images: row.near, classes: data.classes, scores: asCounted(row.scores, data) };
  const workspace = makeWorkspace(1, names.length);
  /** @type {(beta: number) => { name: string, percent: string }} */
  const answer = (strength) => {
    sweepTo(workspace, one, strength, gamma);
    const shares = new Float64Array(names.length);
    softmaxRow(shares, workspace.scores, 0, names.length, data.logitScale);
    const [best] = workspace.best;
    return { name: names[best], percent: `${formatPercent(shares[best])}\u2009%` };
  };
  const clip = answer(0);
  return { clip, llu: answer(beta), alpha: formatWeight(workspace.images.alpha[0]) };
}

/** @type {(places: Places, place: number[]) => Places} */
function withLivePlace(places, place) {
  const images = { x: longer(places.images.x, 1), y: longer(places.images.y, 1) };
  putPlace(images, images.x.length - 1, place);
  return { ...places, images };
}

/** @type {(layer: Layer, i: number, place: number[]) => void} */
function putPlace(layer, i, [x, y]) {
  layer.x[i] = x;
  layer.y[i] = y;
}

/** @type {(values: Float32Array, more: number) => Float32Array} */
function longer(values, more) {
  const grown = new Float32Array(values.length + more);
  grown.set(values);
  return grown;
}

/** @type {(scores: Scores, change: (values: Float32Array, name: keyof Scores) => Float32Array) => Scores} */
function mapScores({ uu, vu, uv, vv, statistics }, change) {
  return {
    uu: change(uu, "uu"), vu: change(vu, "vu"), uv: change(uv, "uv"), vv: change(vv, "vv"),
    statistics: statistics && change(statistics, "statistics"),
  };
}
