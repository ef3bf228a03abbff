// An arc from an anchor to a picture or a class text: the score of one class along it, frozen, fully updated, and
// localized. The points come from the server once; the curves are the explorer's own formula on them.

import { decodeNear, decodeScores } from "./arrays.js";
import { makeWorkspace, sweepTo } from "./formula.js";
import { asCounted } from "./problems.js";

/** @import { Arc, ArcTarget, Data, Sweep, WalkUpdate } from '../../types.d.ts' */

/** A message about an arc with its arrays decoded; T points, C classes. @type {(payload: WalkUpdate) => Arc} */
export function decodeArc({ t, images, classes, scores }) {
  return { t, images: decodeNear(images), classes: decodeNear(classes), scores: decodeScores(scores) };
}

/** The arc with class k alone. @type {(arc: Arc, k: number) => Sweep} */
function withOneClass(arc, k) {
  const classes = arc.classes.nearest.length;
  /** @type {(matrix: Float32Array) => Float32Array} */
  const column = (matrix) => Float32Array.from(arc.t, (_, i) => matrix[i * classes + k]);
  /** @type {(values: Float32Array) => Float32Array} */
  const one = (values) => values.subarray(k, k + 1);
  const { uu, vu, uv, vv, statistics } = arc.scores;
  return {
    images: arc.images, classes: { nearest: one(arc.classes.nearest), uv: one(arc.classes.uv) },
    scores: { uu: column(uu), vu: column(vu), uv: column(uv), vv: column(vv), statistics: statistics && column(statistics) },
  };
}

/**
 * Along the arc, for class k: the three scores (cosines; class statistics that count are in the localized one), alpha of
 * the points and of the class text. `data`: the set on show, whose switch holds here too.
 * @param {Arc} arc @param {number} k @param {number} beta @param {number} gamma @param {Pick<Data, "statistics">} data
 */
export function arcCurves(arc, k, beta, gamma, data) {
  const points = withOneClass({ ...arc, scores: asCounted(arc.scores, data) }, k);
  const workspace = makeWorkspace(arc.t.length, 1);
  sweepTo(workspace, points, beta, gamma);
  return {
    original: Array.from(points.scores.uu), updated: Array.from(points.scores.vv),
    localized: Array.from(workspace.scores),
    alpha: Array.from(workspace.images.alpha), classAlpha: workspace.classes.alpha[0],
  };
}

/**
 * Arcs are kept by their ends: one is asked for once, and an answer to an older wish is found when wished again.
 * @type {(anchor: number, target: ArcTarget) => string}
 */
export function arcKey(anchor, { kind, index }) {
  return `${anchor}:${kind}:${index}`;
}

/**
 * Heights at least `gap` apart, as near to the wanted ones as their order allows, none below `bottom`.
 * @type {(heights: number[], gap: number, top: number, bottom: number) => number[]}
 */
export function spreadLabels(heights, gap, top, bottom) {
  const order = heights.map((y, at) => ({ y, at })).sort((a, b) => a.y - b.y);
  order.forEach((label, rank) => { label.y = Math.max(label.y, rank ? order[rank - 1].y + gap : top); });
  for (let rank = order.length - 1; rank >= 0; rank--) {
    order[rank].y = Math.min(order[rank].y, rank === order.length - 1 ? bottom : order[rank + 1].y - gap);
  }
  const out = heights.slice();
  for (const { y, at } of order) out[at] = y;
  return out;
}

/**
 * The picture's nearest anchor, or, if the picture is that anchor itself, one of another class.
 * @type {(data: Data, picture: number) => number}
 */
export function defaultAnchor(data, picture) {
  const { label, image } = data.anchors;
  if (!label.length) return -1;
  const nearest = picture >= 0 ? data.images.nearestAnchor[picture] : 0;
  if (nearest < 0) return 0;
  if (picture < 0 || image[nearest] !== picture) return nearest;
  const other = label.findIndex((one) => one !== label[nearest]);
  return other >= 0 ? other : nearest;
}
