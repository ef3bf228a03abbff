// The mask as a violet shade under the points: the exact alpha of the drawn pictures, interpolated between them, and
// nothing where there are none.

import { make, penOf } from "../../dom.js";
import { HIDDEN } from "../model/selection.js";

/** @import { Kind, Layer, Look } from '../../types.d.ts' */

/**
 * Which pictures reach a cell of the grid, and how much: cell c has the entries from starts[c] to starts[c + 1].
 * `covered`: the cells that have any.
 * @typedef {{ places: Layer, starts: Uint32Array, rows: Uint32Array, weights: Float32Array, covered: number[] }} Reach
 * @typedef {(value: number) => number} ToPixels
 */

/** The grid lies over the unit square and this margin around it. */
export const SHADE_MARGIN = 0.12;
const CELLS = 72;
const FINE = 4;
/** Of the bell around every picture, in units of the square; it ends at three of these. */
const SPREAD = 0.028;
const SPAN = 3 * SPREAD;
const PITCH = (1 + 2 * SHADE_MARGIN) / CELLS;
/** A lone picture covers its surroundings fully as far as this weight, and fades out beyond. */
const FULL_COVER = Math.exp(-0.5 * 1.6 ** 2);
const FADE_FROM = Math.exp(-0.5 * 2.9 ** 2);
const DEEPEST = 0.5;

/** The cells, along one axis, that a picture at `value` can reach. @type {(value: number) => [number, number]} */
function span(value) {
  const at = (value + SHADE_MARGIN) / PITCH - 0.5;
  return [Math.max(Math.ceil(at - SPAN / PITCH), 0), Math.min(Math.floor(at + SPAN / PITCH), CELLS - 1)];
}

/** The middle of a cell, along one axis. @type {(cell: number) => number} */
function middle(cell) {
  return (cell + 0.5) * PITCH - SHADE_MARGIN;
}

/**
 * Calls `visit(cell, row, weight)` for every cell that a picture reaches.
 * @type {(places: Layer, kinds: Kind[], visit: (cell: number, row: number, weight: number) => void) => void}
 */
function eachReached({ x, y }, kinds, visit) {
  for (let row = 0; row < x.length; row++) {
    if (kinds[row] === "query") continue;
    const [[left, right], [low, high]] = [span(x[row]), span(y[row])];
    for (let v = low; v <= high; v++) {
      for (let u = left; u <= right; u++) {
        const square = (middle(u) - x[row]) ** 2 + (middle(v) - y[row]) ** 2;
        if (square <= SPAN * SPAN) visit(v * CELLS + u, row, Math.exp(-square / (2 * SPREAD * SPREAD)));
      }
    }
  }
}

/** @type {(places: Layer, kinds: Kind[]) => Reach} */
export function reachOf(places, kinds) {
  const starts = new Uint32Array(CELLS * CELLS + 1);
  eachReached(places, kinds, (cell) => { starts[cell + 1]++; });
  for (let cell = 0; cell < CELLS * CELLS; cell++) starts[cell + 1] += starts[cell];
  const next = starts.slice();
  const rows = new Uint32Array(starts[CELLS * CELLS]);
  const weights = new Float32Array(rows.length);
  eachReached(places, kinds, (cell, row, weight) => {
    rows[next[cell]] = row;
    weights[next[cell]++] = weight;
  });
  const covered = [];
  for (let cell = 0; cell < CELLS * CELLS; cell++) if (starts[cell + 1] > starts[cell]) covered.push(cell);
  return { places, starts, rows, weights, covered };
}

/**
 * Of a cell: how much of it the drawn pictures cover, 0 to 1, times the mean share of the update that they receive, weighted
 * by nearness.
 * @type {(reach: Reach, cell: number, received: Float64Array, shade: Uint8Array) => number}
 */
export function strengthAt({ starts, rows, weights }, cell, received, shade) {
  let total = 0;
  let sum = 0;
  for (let at = starts[cell]; at < starts[cell + 1]; at++) {
    if (shade[rows[at]] === HIDDEN) continue;
    total += weights[at];
    sum += weights[at] * received[rows[at]];
  }
  if (total <= FADE_FROM) return 0;
  return (Math.min((total - FADE_FROM) / (FULL_COVER - FADE_FROM), 1) * sum) / total;
}

/**
 * The set that has most of a cell: of the sums of what its pictures receive, weighted by nearness, the largest.
 * @type {(reach: Reach, cell: number, received: Float64Array, shade: Uint8Array, of: Int32Array, sums: Float64Array) => number}
 */
function strongestSet({ starts, rows, weights }, cell, received, shade, of, sums) {
  sums.fill(0);
  for (let at = starts[cell]; at < starts[cell + 1]; at++) {
    const row = rows[at];
    if (shade[row] !== HIDDEN && of[row] >= 0) sums[of[row]] += weights[at] * received[row];
  }
  let best = 0;
  for (let s = 1; s < sums.length; s++) if (sums[s] > sums[best]) best = s;
  return best;
}

/**
 * What the shade is painted from: `ink` = [red, green, blue], `setInks` in its place where several sets act, `across` and `down` lead from coordinates to pixels. Pictures
 * that were asked about cast none: they come and go, and one of them moves.
 * @typedef {{ places: Layer, kinds: Kind[], received: Float64Array, shade: Uint8Array, ink: number[], setInks: Look["setInks"],
 *   across: ToPixels, down: ToPixels }} Ground
 * @typedef {object} Shade
 * @property {(ground: Ground) => void} paint Lays it under the points.
 * @property {() => string} picture The last one as a data address, for the export.
 */

/**
 * A shade on `sheet`, which lies under the points and is stretched by the browser: to draw it in full size at every slider
 * event would cost more than the points. It is drawn FINE times finer than its cells, or their corners would be seen.
 * @type {(sheet: HTMLCanvasElement) => Shade}
 */
export function createShade(sheet) {
  const coarse = make("canvas");
  coarse.width = coarse.height = CELLS;
  sheet.width = sheet.height = FINE * CELLS;
  const [coarsePen, sheetPen] = [penOf(coarse), penOf(sheet)];
  sheetPen.imageSmoothingQuality = "high";
  const pixels = coarsePen.createImageData(CELLS, CELLS);
  /** @type {Reach | null} */
  let reach = null;
  let placed = "";
  return {
    paint({ across, down, ...ground }) {
      if (reach?.places !== ground.places) {
        reach = reachOf(ground.places, ground.kinds);
        pixels.data.fill(0);
      }
      fillPixels(pixels, reach, ground);
      coarsePen.putImageData(pixels, 0, 0);
      sheetPen.clearRect(0, 0, sheet.width, sheet.height);
      sheetPen.drawImage(coarse, 0, 0, sheet.width, sheet.height);
      const [left, top] = [across(-SHADE_MARGIN), down(1 + SHADE_MARGIN)];
      const [right, bottom] = [across(1 + SHADE_MARGIN), down(-SHADE_MARGIN)];
      const stretched = `translate(${left}px, ${top}px) scale(${(right - left) / sheet.width}, ${(bottom - top) / sheet.height})`;
      if (stretched !== placed) sheet.style.transform = stretched;
      placed = stretched;
    },
    picture: () => coarse.toDataURL(),
  };
}

/**
 * Rows of a picture run downwards, those of the map upwards.
 * @type {(pixels: ImageData, reach: Reach, ground: Omit<Ground, "across" | "down" | "kinds">) => void}
 */
function fillPixels({ data }, reach, { received, shade, ink, setInks }) {
  const sums = new Float64Array(setInks?.inks.length ?? 0);
  let [red, green, blue] = ink;
  for (const cell of reach.covered) {
    if (setInks) [red, green, blue] = setInks.inks[strongestSet(reach, cell, received, shade, setInks.of, sums)];
    const u = cell % CELLS;
    const at = 4 * ((CELLS - 1 - (cell - u) / CELLS) * CELLS + u);
    const strength = strengthAt(reach, cell, received, shade);
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
    data[at + 3] = Math.round(255 * DEEPEST * Math.min(strength, 1));
  }
}
