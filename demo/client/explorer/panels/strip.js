// How the reach strip is drawn: the shade of the update, the dots on it and the lines through them.

import { make, penOf } from "../../dom.js";
import { BROKEN, FIXED, SAME, interpolationWeight } from "../model/formula.js";
import { halfway } from "../model/reach.js";
import { DIMMED, HIDDEN } from "../model/selection.js";

/** @import { Data, Inks, Pixel, ReachPanel, Side } from '../../types.d.ts' */
/** @import { ReachRow } from "../model/reach.js" */

/**
 * @typedef {Parameters<ReachPanel["move"]>[0]} Setting
 * @typedef {{ width: number, height: number, low: number }} Extent
 * @typedef {{ sheet: HTMLCanvasElement, dots: Pixel[][], inks: Inks, shade: Uint8Array | null }} Still The dots without their
 *   changes, and what they were drawn from.
 * @typedef {{ root: HTMLElement, canvas: HTMLCanvasElement, labels: HTMLElement, axis: HTMLElement, readout: HTMLElement,
 *   data: Data | null, setting: Setting | null, inks: Inks | null, setInks: string[], side: Side, rows: ReachRow[], dots: Pixel[][],
 *   shares: HTMLElement[], extent: Extent, pointer: Pixel | null, still: Still | null }} Strip
 */

const EDGE = 7;
const COLUMN = 2;
const DEEPEST = 0.5;
const DOTS = { same: 1.7, set: 2.2, fixed: 3.6, cross: 3.2, name: 2.6, moved: 2.8 };

/** @type {(extent: Extent, value: number) => number} */
export function across({ width, low }, value) {
  return EDGE + ((value - low) / (1 - low)) * (width - 2 * EDGE);
}

/** @type {(extent: Extent, x: number) => number} */
export function similarityAt({ width, low }, x) {
  return Math.min(low + ((x - EDGE) / (width - 2 * EDGE)) * (1 - low), 1);
}

/** @type {(strip: Strip, setting: Setting, inks: Inks) => void} */
export function drawStrip(strip, setting, inks) {
  const { canvas, extent, side } = strip;
  const dense = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(extent.width * dense), Math.round(extent.height * dense)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = penOf(canvas);
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, extent.width, extent.height);
  drawShade(pen, extent, setting, strip.setInks[setting.set] ?? inks.mask);
  drawRules(pen, strip, inks);
  const looks = side === "images" ? setting : null;
  drawDots(pen, strip, inks, looks);
  if (looks && looks.selected >= 0) drawSelected(pen, strip, inks, looks.selected);
}

/** @type {(pen: CanvasRenderingContext2D, extent: Extent, setting: Setting, ink: string) => void} */
function drawShade(pen, extent, { beta, gamma }, ink) {
  if (beta <= 0) return;
  pen.fillStyle = ink;
  for (let x = 0; x < extent.width; x += COLUMN) {
    pen.globalAlpha = DEEPEST * interpolationWeight(similarityAt(extent, x + COLUMN / 2), 1, gamma);
    if (pen.globalAlpha > 0.002) pen.fillRect(x, 0, COLUMN, extent.height);
  }
  pen.globalAlpha = 1;
}

/** Lines between the rows, and one where half of the update is left. @type {(pen: CanvasRenderingContext2D, strip: Strip, inks: Inks) => void} */
function drawRules(pen, { extent, rows, setting, setInks }, inks) {
  pen.fillStyle = inks.card;
  for (let at = 1; at < rows.length; at++) pen.fillRect(0, Math.round((at * extent.height) / rows.length), extent.width, 1.5);
  const half = setting && setting.beta > 0 ? halfway(setting.gamma) : null;
  if (half === null || half < extent.low) return;
  Object.assign(pen, { strokeStyle: setInks[setting?.set ?? -1] ?? inks.mask, lineWidth: 1.4 });
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(across(extent, half), 0);
  pen.lineTo(across(extent, half), extent.height);
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * Grey dots, and over them green ones for fixed answers, red crosses for broken ones. `looks`: null where points have no
 * answers. What does not change while a slider moves is drawn once.
 * @type {(pen: CanvasRenderingContext2D, strip: Strip, inks: Inks, looks: Setting | null) => void}
 */
function drawDots(pen, strip, inks, looks) {
  if (!isStill(strip, inks, looks)) strip.still = drawStill(strip, inks, looks);
  const { width, height } = strip.extent;
  if (strip.still) pen.drawImage(strip.still.sheet, 0, 0, width, height);
  const [fixed, broken, moved] = Array.from({ length: 3 }, () => new Path2D());
  eachDot(strip, (key, i, x, y) => {
    const change = looks && looks.shade[i] !== DIMMED ? looks.changes[i] : SAME;
    if (key === "everyday" && strip.data?.everyday?.moved[i]) addDot(moved, x, y, DOTS.moved);
    else if (change === FIXED) addDot(fixed, x, y, DOTS.fixed);
    else if (change === BROKEN) addCross(broken, x, y, DOTS.cross);
  });
  pen.fillStyle = inks.good;
  pen.fill(fixed);
  pen.fillStyle = inks.bad;
  pen.fill(moved);
  Object.assign(pen, { strokeStyle: inks.bad, lineWidth: 1.8 });
  pen.stroke(broken);
}

/** @type {(strip: Strip, inks: Inks, looks: Setting | null) => boolean} */
function isStill({ still, dots, canvas }, inks, looks) {
  if (!still || still.dots !== dots || still.inks !== inks || Boolean(still.shade) !== Boolean(looks)) return false;
  if (still.sheet.width !== canvas.width || still.sheet.height !== canvas.height) return false;
  return !looks || looks.shade.every((one, i) => one === still.shade?.[i]);
}

/** @type {(strip: Strip, inks: Inks, looks: Setting | null) => Still} */
function drawStill(strip, inks, looks) {
  const sheet = make("canvas");
  Object.assign(sheet, { width: strip.canvas.width, height: strip.canvas.height });
  const pen = penOf(sheet);
  pen.scale(sheet.width / strip.extent.width, sheet.height / strip.extent.height);
  const [same, dimmed, ofSets] = [new Path2D(), new Path2D(), strip.setInks.map(() => new Path2D())];
  const nearest = strip.data?.shelf?.acting.length ? strip.data.shelf.nearest[strip.side] : null;
  eachDot(strip, (key, i, x, y) => {
    const size = looks || key === "everyday" ? DOTS.same : DOTS.name;
    const own = nearest && key !== "everyday" ? ofSets[nearest[i]] : null;
    addDot(looks?.shade[i] === DIMMED ? dimmed : own ?? same, x, y, own ? DOTS.set : size);
  });
  pen.fillStyle = inks.ink;
  pen.globalAlpha = 0.2;
  pen.fill(dimmed);
  pen.globalAlpha = 0.62;
  pen.fill(same);
  pen.globalAlpha = 0.85;
  ofSets.forEach((path, s) => { pen.fillStyle = strip.setInks[s]; pen.fill(path); });
  return { sheet, dots: strip.dots, inks, shade: looks && looks.shade.slice() };
}

/** @type {(strip: Strip, visit: (key: ReachRow["key"], i: number, x: number, y: number) => void) => void} */
function eachDot(strip, visit) {
  strip.rows.forEach(({ key, points }, at) => {
    for (const [nth, i] of points.entries()) {
      if (!isOff(strip, key, i)) visit(key, i, ...strip.dots[at][nth]);
    }
  });
}

/** @type {(path: Path2D, x: number, y: number, radius: number) => void} */
function addDot(path, x, y, radius) {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

/** @type {(path: Path2D, x: number, y: number, reach: number) => void} */
function addCross(path, x, y, reach) {
  path.moveTo(x - reach, y - reach);
  path.lineTo(x + reach, y + reach);
  path.moveTo(x - reach, y + reach);
  path.lineTo(x + reach, y - reach);
}

/**
 * A line at the similarity of the selected picture, whatever it is, and a ring around its dot where it has one.
 * @type {(pen: CanvasRenderingContext2D, strip: Strip, inks: Inks, i: number) => void}
 */
function drawSelected(pen, strip, inks, i) {
  if (!strip.data) return;
  const x = across(strip.extent, Math.max(strip.data.images.nearest[i], strip.extent.low));
  Object.assign(pen, { strokeStyle: inks.strong, lineWidth: 1.2 });
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, strip.extent.height);
  pen.stroke();
  const at = strip.rows.findIndex(({ points }) => points.includes(i));
  if (at < 0) return;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(...strip.dots[at][strip.rows[at].points.indexOf(i)], 6, 0, 2 * Math.PI);
  pen.stroke();
}

/**
 * Whether the legend hides a point. What lies elsewhere is off on the map at first, where it needs room; here it has its
 * own row.
 * @type {(strip: Strip, key: ReachRow["key"], i: number) => boolean}
 */
export function isOff({ side, setting }, key, i) {
  return side === "images" && key !== "elsewhere" && setting?.shade[i] === HIDDEN;
}
