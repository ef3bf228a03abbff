// The reach of the update over the similarity to what was taught: exact, and without any projection.

import { interpolationWeight } from "./formula.js";
import { countOf } from "./selection.js";

/** @import { Data, Everyday, Setting, Side } from '../../types.d.ts' */

/**
 * A row and its points, by their index in the arrays that it carries: `nearest` their similarities, `names`.
 * @typedef {{ key: "seen" | "unseen" | "elsewhere" | "everyday", title: string, points: number[], nearest: Float32Array,
 *   names: string[] }} ReachRow
 */

/**
 * The rows of the strip and what lies in each: pictures, by whether their class was taught or they are of something
 * else; or class texts, and everyday names. The shots themselves lie at 1 and are left out wherever there are other
 * pictures. Rows without anything are left out.
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
  /** @type {(key: ReachRow["key"], title: string) => ReachRow} */
  const row = (key, title) => ({
    key, title, points: keys.flatMap((one, i) => (one === key ? [i] : [])), nearest: data[side].nearest,
    names: data[side].names,
  });
  const rows = [row("seen", "taught"), row("unseen", "not taught"), row("elsewhere", "elsewhere")];
  if (side === "classes" && data.everyday) rows.push(everydayRow(data.everyday));
  return rows.filter(({ points }) => points.length > 0);
}

/** @type {(everyday: Everyday) => ReachRow} */
function everydayRow({ names, nearest }) {
  return { key: "everyday", title: "everyday", points: names.map((_, k) => k), nearest, names };
}

/**
 * The left end of the axis: the least similar point, rounded down to a tenth, and .9 at most.
 * @type {(rows: ReachRow[]) => number}
 */
export function leftEnd(rows) {
  const least = Math.min(...rows.flatMap(({ points, nearest }) => points.map((i) => nearest[i])), 0.9999);
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
 * alpha / beta, on average over the points of a row: what share of the update they receive.
 * @type {(row: ReachRow, gamma: number) => number}
 */
export function meanShare({ nearest, points }, gamma) {
  let sum = 0;
  for (const i of points) sum += interpolationWeight(nearest[i], 1, gamma);
  return sum / points.length;
}

/** Where in its row a point stands, 0 to 1: anywhere, but always the same. @type {(i: number) => number} */
export function heightOf(i) {
  return (0.5 + i * 0.6180339887) % 1;
}

/**
 * What the strip tells of all points: how many everyday names moved, or how well the similarity tells pictures apart; then
 * where half of the update is left.
 * @type {(data: Pick<Data, "everyday" | "auroc">, side: Side, setting: Setting & { title?: string }) => string}
 */
export function readoutOf({ everyday, auroc }, side, { beta, gamma, title }) {
  const told = [`${title ? `${title}: ` : ""}${halfwayText(beta, gamma)}`];
  if (side === "classes" && everyday) {
    const all = everyday.moved.length.toLocaleString("en");
    told.unshift(`${countOf(everyday.moved, 1)} of ${all} everyday names moved noticeably`);
  }
  if (side === "images" && auroc !== null) {
    told.unshift(`similarity tells taught from not taught: AUROC ${auroc.toFixed(2).replace(/^0/, "")}`);
  }
  return told.join(" \u00b7 ");
}

/** @type {(beta: number, gamma: number) => string} */
function halfwayText(beta, gamma) {
  if (beta <= 0) return "no update: beta is 0";
  const half = halfway(gamma);
  if (half !== null) return `half of the update is left at cosine ${half.toFixed(3)}`;
  if (gamma === Infinity) return "only at the taught themselves";
  return gamma === 0 ? "the whole update everywhere" : "more than half of the update everywhere";
}
