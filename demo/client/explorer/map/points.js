// The points of the map on a canvas over Plotly's own, which only serve zoom and lasso: at every slider event all of
// them change, and one drawing pass costs less than as many changes of SVG nodes.

import { penOf } from "../../dom.js";
import { BROKEN } from "../model/formula.js";
import { DIMMED, HIDDEN, SHOWN } from "../model/selection.js";
import { drawLabels } from "./labels.js";
import { DIM_OPACITY, levelOf, opacityOf } from "./markers.js";

/** @import { Data, Kind, Layer, Look, Places, Size } from '../../types.d.ts' */
/** @import { Stamp, Stamps } from "./markers.js" */
/** @import { Shade } from "./shade.js" */

/**
 * What is on the map: a data set, where its points are and how they look, the pictures of each kind, and all of them
 * from the least to the most similar to a taught picture, which is the order of alpha at any setting.
 * @typedef {{ data: Data, places: Places, look: Look, members: Record<Kind, number[]>, order: number[] }} Scene
 * @typedef {(value: number) => number} ToPixels
 * @typedef {Scene & { across: ToPixels, down: ToPixels, scale: number, zoom: number, size: Size }} ScaledScene
 * @typedef {CanvasRenderingContext2D} Pen
 */

export const CROSS = { reach: 4.6, line: 2.1 };
/** From this zoom on pictures show themselves, where they do not cover each other. */
const THUMBNAIL_ZOOM = 3;
const THUMBNAIL = 34;

/**
 * Resizes the canvas in device pixels; returns a pen that counts in CSS pixels, on an empty sheet.
 * @type {(canvas: HTMLCanvasElement, size: Size) => Pen}
 */
function cleanSheet(canvas, { width, height }) {
  const dense = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * dense), Math.round(height * dense)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const pen = penOf(canvas);
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/**
 * The shade of the mask, and over it the pictures in the order of alpha, crosses on broken answers, class names.
 * `across`, `down`: a coordinate to pixels; `scale`: how much smaller than usual points are; `size`: of the map, since
 * asking the page for it in the middle of a frame would cost a layout.
 * @type {(canvas: HTMLCanvasElement, tools: { shade: Shade, stamps: Stamps }, scene: ScaledScene) => void}
 */
export function drawPoints(canvas, { shade, stamps }, scene) {
  const { look, places, order, across, down, size } = scene;
  const pen = cleanSheet(canvas, size);
  const { received, maskInk: ink, setInks } = look;
  shade.paint({ places: places.images, kinds: scene.data.kinds, received, shade: look.shade, ink, setInks, across, down });
  const shown = scene.zoom >= THUMBNAIL_ZOOM ? drawThumbnails(pen, scene) : null;
  stampPoints(pen, stamps, scene, shown ? order.filter((i) => !shown.has(i)) : order);
  drawCrosses(pen, scene, shown);
  drawLabels(pen, look.labels(), look.inks);
}

/**
 * The pictures `rows` in this order, each on whole device pixels. All stamps are made before the first one is used: a sheet
 * that is drawn from and drawn on in turn would be copied every time.
 * @type {(pen: Pen, stamps: Stamps, scene: ScaledScene, rows: number[]) => void}
 */
function stampPoints(pen, stamps, { data, places, look, across, down, scale }, rows) {
  const { shade, shares, colours, inks } = look;
  const dense = window.devicePixelRatio || 1;
  const visible = rows.filter((i) => shade[i] !== HIDDEN);
  stamps.begin({ dense, scale, inks }, visible.length);
  /** @type {(i: number) => Stamp} */
  const stampOf = (i) => stamps.of(data.kinds[i], levelOf(shares[i]), colours[i]);
  const made = visible.map(stampOf);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  visible.forEach((i, at) => {
    const { left, top, side } = made[at];
    const x = Math.round(dense * across(places.images.x[i]) - side / 2);
    const y = Math.round(dense * down(places.images.y[i]) - side / 2);
    pen.globalAlpha = opacityOf(data.kinds[i], shares[i] / 255, shade[i] === DIMMED);
    pen.drawImage(stamps.sheet, left, top, side, side, x, y, side, side);
  });
  pen.globalAlpha = 1;
  pen.setTransform(dense, 0, 0, dense, 0, 0);
}

/**
 * Whether picture i has a cross: only answers that the tiles count have one, so a shot's never.
 * @type {(data: Data, look: Pick<Look, "changes" | "shade">, i: number) => boolean}
 */
export function showsBroken({ counted, kinds }, { changes, shade }, i) {
  return (counted[i] === 1 || kinds[i] === "elsewhere") && changes[i] === BROKEN && shade[i] === SHOWN;
}

/**
 * A cross on every broken answer: it is told by its shape, where a colour is not.
 * @type {(pen: Pen, scene: ScaledScene, pictured: Set<number> | null) => void}
 */
function drawCrosses(pen, { data, places, look, across, down, scale }, pictured) {
  Object.assign(pen, { lineWidth: CROSS.line, strokeStyle: look.inks.bad });
  const reach = CROSS.reach * Math.max(scale, 0.7);
  pen.beginPath();
  for (let i = 0; i < data.n; i++) {
    if (!showsBroken(data, look, i) || pictured?.has(i)) continue;
    const [x, y] = [across(places.images.x[i]), down(places.images.y[i])];
    pen.moveTo(x - reach, y - reach);
    pen.lineTo(x + reach, y + reach);
    pen.moveTo(x - reach, y + reach);
    pen.lineTo(x + reach, y - reach);
  }
  pen.stroke();
}

/**
 * The pictures themselves, each where no other one is yet, the strongest first; returns their rows.
 * @type {(pen: Pen, scene: ScaledScene) => Set<number>}
 */
function drawThumbnails(pen, { data, places, look, order, across, down, size }) {
  /** @type {Set<number>} */
  const shown = new Set();
  /** @type {Set<string>} */
  const taken = new Set();
  const half = THUMBNAIL / 2;
  for (let at = order.length - 1; at >= 0; at--) {
    const i = order[at];
    const [x, y] = [across(places.images.x[i]), down(places.images.y[i])];
    if (look.shade[i] === HIDDEN || !(x > -half && y > -half && x < size.width + half && y < size.height + half)) continue;
    const cells = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => (
      `${Math.floor((x + dx * half) / half)}:${Math.floor((y + dy * half) / half)}`)));
    const tile = cells.some((cell) => taken.has(cell)) ? null : look.tile(i);
    if (!tile) continue;
    for (const cell of cells) taken.add(cell);
    shown.add(i);
    pen.globalAlpha = look.shade[i] === DIMMED ? DIM_OPACITY : 1;
    const side = data.kinds[i] === "train" ? 0.8 * THUMBNAIL : THUMBNAIL;
    pen.drawImage(tile.picture, tile.x, tile.y, tile.side, tile.side, x - side / 2, y - side / 2, side, side);
    Object.assign(pen, { lineWidth: 2.5, strokeStyle: showsBroken(data, look, i) ? look.inks.bad : look.colours[i] });
    pen.strokeRect(x - side / 2, y - side / 2, side, side);
  }
  return shown;
}

/** The pictures from the least to the most similar to a taught one, yours last. @type {(data: Data) => number[]} */
export function orderOf(data) {
  const { nearest } = data.images;
  /** @type {(i: number) => number} */
  const rank = (i) => (data.kinds[i] === "query" ? 2 : nearest[i]);
  return Array.from({ length: data.n }, (_, i) => i).sort((a, b) => rank(a) - rank(b));
}

/** The pictures of each kind. @type {(data: Data) => Record<Kind, number[]>} */
export function membersOf(data) {
  /** @type {Record<Kind, number[]>} */
  const members = { train: [], seen: [], unseen: [], elsewhere: [], query: [] };
  for (let i = 0; i < data.n; i++) members[data.kinds[i]].push(i);
  return members;
}
