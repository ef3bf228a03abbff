// The points of the map on a canvas over Plotly's own, which only serve zoom and lasso: at every slider event all of
// them change, and one drawing pass costs less than as many changes of SVG nodes.

import { penOf } from "../../dom.js";
import { BROKEN } from "../model/formula.js";
import { DIMMED, HIDDEN, SHOWN } from "../model/selection.js";
import { drawLabels } from "./labels.js";

/** @import { Data, Ink, Kind, Layer, Look, Places, Size } from '../../types.d.ts' */
/** @import { Shade } from "./shade.js" */

/**
 * What is on the map: a data set, where its points are and how they look, the pictures of each kind, and all of them
 * from the least to the most similar to a taught picture, which is the order of alpha at any setting.
 * @typedef {{ data: Data, places: Places, look: Look, members: Record<Kind, number[]>, order: number[] }} Scene
 * @typedef {(value: number) => number} ToPixels
 * @typedef {Scene & { across: ToPixels, down: ToPixels, scale: number, zoom: number, size: Size }} ScaledScene
 * @typedef {CanvasRenderingContext2D} Pen
 * @typedef {"diamond" | "disc" | "ring" | "square" | "star"} Shape
 */

export const DIM_OPACITY = 0.25;
/**
 * In pixels at scale 1 and at full strength. A ring (not taught) carries its colour in its line, the others in their
 * fill.
 * @type {Record<Kind, { shape: Shape, size: number, line: number, rim: Ink }>}
 */
export const MARKERS = {
  train: { shape: "diamond", size: 8, line: 0.8, rim: "card" },
  seen: { shape: "disc", size: 9.5, line: 0.8, rim: "card" },
  unseen: { shape: "ring", size: 9, line: 2, rim: "card" },
  elsewhere: { shape: "square", size: 6.4, line: 0.8, rim: "card" },
  query: { shape: "star", size: 16, line: 1, rim: "ink" },
};
/** What a point keeps of its size and opacity where the update does not reach it. */
const WEAKEST_SIZE = 0.66;
const WEAKEST_OPACITY = 0.55;
export const CROSS = { reach: 4.6, line: 2.1 };
/** From this zoom on pictures show themselves, where they do not cover each other. */
const THUMBNAIL_ZOOM = 3;
const THUMBNAIL = 34;

/** Of a shot, the size is always full: it is what the others are near to. @type {(kind: Kind, share: number) => number} */
export function sizeOf(kind, share) {
  const grows = kind === "train" || kind === "query" ? 1 : WEAKEST_SIZE + (1 - WEAKEST_SIZE) * share;
  return MARKERS[kind].size * grows;
}

/** @type {(kind: Kind, share: number, dimmed: boolean) => number} */
export function opacityOf(kind, share, dimmed) {
  if (dimmed) return DIM_OPACITY;
  return kind === "train" || kind === "query" ? 1 : WEAKEST_OPACITY + (1 - WEAKEST_OPACITY) * share;
}

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
 * The shade of the mask, the pictures in the order of alpha, crosses on broken answers, class names. `across`, `down`: a
 * coordinate to pixels; `scale`: how much smaller than usual points are; `size`: of the map, since asking the page for it
 * in the middle of a frame would cost a layout.
 * @type {(canvas: HTMLCanvasElement, shade: Shade, scene: ScaledScene) => void}
 */
export function drawPoints(canvas, shade, scene) {
  const { look, places, order, across, down, size } = scene;
  const pen = cleanSheet(canvas, size);
  const { alpha, beta, maskInk: ink } = look;
  shade.paint(pen, { places: places.images, alpha, beta, shade: look.shade, ink, across, down });
  const shown = scene.zoom >= THUMBNAIL_ZOOM ? drawThumbnails(pen, scene) : null;
  for (const i of order) {
    if (look.shade[i] !== HIDDEN && !shown?.has(i)) drawPoint(pen, scene, i);
  }
  pen.globalAlpha = 1;
  drawCrosses(pen, scene, shown);
  drawLabels(pen, look.labels(), look.inks);
}

/** @type {(pen: Pen, scene: ScaledScene, i: number) => void} */
function drawPoint(pen, { data, places, look, across, down, scale }, i) {
  const kind = data.kinds[i];
  const { shape, line, rim } = MARKERS[kind];
  const share = look.shares[i] / 255;
  const radius = (sizeOf(kind, share) * scale) / 2;
  const [x, y] = [across(places.images.x[i]), down(places.images.y[i])];
  pen.globalAlpha = opacityOf(kind, share, look.shade[i] === DIMMED);
  pen.lineWidth = line;
  [pen.fillStyle, pen.strokeStyle] = shape === "ring" ? [look.inks[rim], look.colours[i]]
    : [look.colours[i], look.inks[rim]];
  pen.beginPath();
  if (shape === "diamond") drawDiamond(pen, x, y, radius);
  else if (shape === "star") drawStar(pen, x, y, radius);
  else if (shape === "square") pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
}

/** @type {(pen: Pen, x: number, y: number, radius: number) => void} */
function drawDiamond(pen, x, y, radius) {
  pen.moveTo(x, y - radius);
  for (const [dx, dy] of [[radius, 0], [0, radius], [-radius, 0]]) pen.lineTo(x + dx, y + dy);
  pen.closePath();
}

/** Five points upwards. @type {(pen: Pen, x: number, y: number, radius: number) => void} */
function drawStar(pen, x, y, radius) {
  for (let corner = 0; corner < 10; corner++) {
    const [angle, reach] = [(Math.PI * (corner - 2.5)) / 5, corner % 2 ? 0.45 * radius : radius];
    pen.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle));
  }
  pen.closePath();
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
