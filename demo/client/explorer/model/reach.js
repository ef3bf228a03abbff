// The reach of the update over the similarity to what was taught: exact, and without any projection.

import { interpolationWeight } from "./formula.js";

/** @import { Data, Side } from '../../types.d.ts' */

/** @typedef {{ key: string, title: string, points: number[] }} ReachRow */

/**
 * The rows of the strip and what lies in each: pictures, or class texts, by whether their class was taught. The shots
 * themselves lie at 1 and are left out wherever there are other pictures. Rows without anything are left out.
 * @type {(data: Data, side: Side) => ReachRow[]}
 */
export function reachRows(data, side) {
  const anyTest = data.kinds.some((kind) => kind === "seen" || kind === "unseen");
  /** @type {(i: number) => string} */
  const keyOf = (i) => {
    if (side === "classes") return data.classes.seen[i] ? "seen" : "unseen";
    return data.kinds[i] === "train" && !anyTest ? "seen" : data.kinds[i];
  };
  const keys = Array.from(data[side].nearest, (_, i) => keyOf(i));
  return [["seen", "taught"], ["unseen", "not taught"]]
    .map(([key, title]) => ({ key, title, points: keys.flatMap((one, i) => (one === key ? [i] : [])) }))
    .filter(({ points }) => points.length > 0);
}

/**
 * The left end of the axis: the least similar point, rounded down to a tenth, and .9 at most.
 * @type {(nearest: Float32Array, rows: ReachRow[]) => number}
 */
export function leftEnd(nearest, rows) {
  const least = Math.min(...rows.flatMap(({ points }) => points.map((i) => nearest[i])), 0.9999);
  return Math.max(Math.floor(10 * least) / 10, -1);
}

/**
 * The similarity at which half of the update is left; null where more than that is left everywhere, or at no similarity
 * below 1.
 * @type {(gamma: number) => number | null}
 */
export function halfway(gamma) {
  return gamma >= Math.LN2 && gamma < Infinity ? 1 - Math.LN2 / gamma : null;
}

/**
 * alpha / beta, on average over some points: what share of the update they receive.
 * @type {(nearest: Float32Array, points: number[], gamma: number) => number}
 */
export function meanShare(nearest, points, gamma) {
  return points.reduce((sum, i) => sum + interpolationWeight(nearest[i], 1, gamma), 0) / points.length;
}

/** Where in its row a point stands, 0 to 1: anywhere, but always the same. @type {(i: number) => number} */
export function heightOf(i) {
  return (0.5 + i * 0.6180339887) % 1;
}
