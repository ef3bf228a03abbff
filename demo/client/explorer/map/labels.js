// Class names on the map: each beside its pictures rather than over them, where there is room.

import { formatWeight } from "../model/numbers.js";

/** @import { Inks, Label, Pixel, Size } from '../../types.d.ts' */

/**
 * @typedef {{ x: number, y: number, width: number, slot: number, cost: number }} Spot
 * @typedef {(left: number, top: number, right: number, bottom: number) => number} PointCounter
 */

const LABEL_GAP = 3;
const LABEL_HEIGHT = 15;
/** Room for the class's alpha beside its name, whatever its digits: names do not come and go while a slider moves. */
const LABEL_WEIGHT = 30;
/** Where a name may stand: shares of its own width to the right, pixels down. The first one is amid its pictures. */
const LABEL_SLOTS = [
  [0, 0], [0, -17], [0, 17], [0, -30], [0, 30],
  [0.5, 0], [-0.5, 0], [0.5, -17], [-0.5, -17], [0.5, 17], [-0.5, 17],
];
/** Points that a name rather covers than leaves the slot it has: names must not jump while the points move. */
const LABEL_STAY = 2;
/** Points that a name rather covers than stand a slot further down the list. */
const LABEL_NEAR = 0.35;
const GRID_CELL = 6;
/** Below this share of beta a class text counts as hardly touched. */
const FAINT_SHARE = 0.05;
const LONGEST_LABEL = 24;

/** @type {(name: string) => number} */
function labelWidth(name) {
  return 6.5 * name.length + LABEL_WEIGHT + LABEL_GAP;
}

/**
 * Counts points in rectangles: a summed-area table over cells of GRID_CELL pixels. `points` = [[x, y], ...].
 * @type {(points: Pixel[], width: number, height: number) => PointCounter}
 */
function pointCounter(points, width, height) {
  const [columns, rows] = [Math.ceil(width / GRID_CELL) + 1, Math.ceil(height / GRID_CELL) + 1];
  const sums = new Float64Array(columns * rows);
  for (const [x, y] of points) {
    if (!(x >= 0 && y >= 0 && x < width && y < height)) continue;
    sums[(Math.floor(y / GRID_CELL) + 1) * columns + Math.floor(x / GRID_CELL) + 1]++;
  }
  for (let at = columns; at < sums.length; at++) {
    if (at % columns) sums[at] += sums[at - 1] + sums[at - columns] - sums[at - columns - 1];
  }
  /** @type {(value: number, most: number) => number} */
  const held = (value, most) => Math.min(Math.max(Math.round(value / GRID_CELL), 0), most - 1);
  return (left, top, right, bottom) => {
    const [a, b, c, d] = [held(left, columns), held(right, columns), held(top, rows), held(bottom, rows)];
    return sums[d * columns + b] - sums[c * columns + b] - sums[d * columns + a] + sums[c * columns + a];
  };
}

/**
 * One place per label, {x, y, slot} or null where there is none free: the slot that covers the fewest points, without
 * touching an earlier label. `labels` = [{x, y: its middle in pixels, name, slot: where it stood}]; `scale`: how much larger
 * than usual they are.
 * @type {(labels: Label[], points: Pixel[], size: Size, scale?: number) => (Spot | null)[]}
 */
export function arrangeLabels(labels, points, { width, height }, scale = 1) {
  const covered = pointCounter(points, width, height);
  /** @type {Spot[]} */
  const taken = [];
  return labels.map((label) => {
    if (!Number.isFinite(label.x)) return null;
    const best = bestSlot(label, taken, covered, { width, height }, scale);
    if (best) taken.push(best);
    return best;
  });
}

/**
 * `value`, moved so far that `reach` fits on both sides of it on a map that shows `from`, the middle of the class.
 * @type {(value: number, from: number, reach: number, edge: number) => number}
 */
function keptWhole(value, from, reach, edge) {
  return from > 0 && from < edge ? Math.min(Math.max(value, reach), edge - reach) : value;
}

/** @type {(label: Label, taken: Spot[], covered: PointCounter, map: Size, scale: number) => Spot | null} */
function bestSlot(label, taken, covered, map, scale) {
  const [width, tall] = [scale * labelWidth(label.name), scale * LABEL_HEIGHT];
  /** @type {Spot | null} */
  let best = null;
  for (const [slot, [share, dy]] of LABEL_SLOTS.entries()) {
    const x = keptWhole(label.x + share * (width + 14), label.x, width / 2, map.width);
    const y = keptWhole(label.y + scale * dy, label.y, tall / 2, map.height);
    /** @type {(spot: Spot) => boolean} */
    const clear = (b) => Math.abs(b.x - x) > (b.width + width) / 2 || Math.abs(b.y - y) > tall;
    if (!taken.every(clear)) continue;
    const points = covered(x - width / 2, y - tall / 2, x + width / 2, y + tall / 2);
    const cost = points + LABEL_NEAR * slot - (slot === label.slot ? LABEL_STAY : 0);
    if (!best || cost < best.cost) best = { x, y, width, slot, cost };
  }
  return best;
}

/**
 * Of a class: its name and, smaller, the share of the update that the class text itself receives.
 * @type {(name: string, seen: boolean) => Label}
 */
export function makeLabel(name, seen) {
  const short = name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}\u2026` : name;
  return { name: short, seen, weight: "", faint: true, shown: false, slot: -1, x: 0, y: 0 };
}

/**
 * The class texts' own alpha, live; faint where the update hardly reaches the text.
 * @type {(labels: Label[], alpha: Float64Array, received: Float64Array) => void}
 */
export function weighLabels(labels, alpha, received) {
  labels.forEach((label, k) => {
    label.weight = formatWeight(alpha[k]);
    label.faint = received[k] <= FAINT_SHARE;
  });
}

/**
 * The labels on show, with a halo that sets them off from the points.
 * @type {(pen: CanvasRenderingContext2D, labels: Label[], inks: Inks) => void}
 */
export function drawLabels(pen, labels, inks) {
  const family = inks.font;
  Object.assign(pen, { textAlign: "left", textBaseline: "middle", lineWidth: 3.5, lineJoin: "round" });
  pen.strokeStyle = inks.card;
  /** @type {(text: string, x: number, y: number, font: string, ink: string) => void} */
  const write = (text, x, y, font, ink) => {
    pen.font = font;
    pen.strokeText(text, x, y);
    pen.fillStyle = ink;
    pen.fillText(text, x, y);
  };
  for (const { name, seen, weight, faint, x, y } of labels) {
    const nameFont = `${seen ? "600" : "italic 500"} ${inks.label}px ${family}`;
    const weightFont = `500 ${0.87 * inks.label}px ${family}`;
    pen.font = nameFont;
    const width = pen.measureText(name).width;
    const left = x - (width + LABEL_WEIGHT) / 2;
    write(weight, left + width + 5, y, weightFont, faint ? inks.soft : inks.strong);
    write(name, left, y, nameFont, inks.ink);
  }
}
