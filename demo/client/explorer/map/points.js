// The points of the map on a canvas over Plotly's own, which only serve zoom and lasso: at every slider event all of
// them change colour, and one drawing pass costs less than as many changes of SVG nodes.

import { penOf } from "../../dom.js";
import { BROKEN, FIXED, MOVED } from "../model/formula.js";
import { DIMMED, HIDDEN, KINDS, SHOWN } from "../model/selection.js";
import { drawLabels } from "./labels.js";

/** @import { Data, Ink, Kind, Layer, Look, Places, Size } from '../../types.d.ts' */

/**
 * What is on the map: a data set, where its points are and how they look, and the pictures of each kind.
 * @typedef {{ data: Data, places: Places, look: Look, members: Record<Kind, number[]> }} Scene
 * @typedef {(value: number) => number} ToPixels
 * @typedef {Scene & { across: ToPixels, down: ToPixels, scale: number, size: Size }} ScaledScene
 * @typedef {CanvasRenderingContext2D} Pen
 */

export const DIM_OPACITY = 0.4;
export const DIM_ANCHORS = 0.35;
/**
 * In pixels at scale 1. Hollow points (unseen classes) carry alpha in their outline, the others in their fill.
 * @type {Record<Kind, { size: number, line: number, rim: Ink | null }>}
 */
export const MARKERS = {
  train: { size: 7, line: 1.2, rim: "ink" },
  seen: { size: 9, line: 0.8, rim: "card" },
  unseen: { size: 8.5, line: 2.2, rim: null },
  query: { size: 15, line: 1, rim: "ink" },
};
export const ANCHOR = { size: 15, line: 1.1, opacity: 0.8 };
/**
 * By change: SAME has no ring; shapes of the dashes tell the others apart without colour.
 * @type {Record<number, { ink: Ink, line: number, dash: number[] }>}
 */
export const RINGS = {
  [FIXED]: { ink: "good", line: 1.8, dash: [] }, [BROKEN]: { ink: "bad", line: 2.2, dash: [3.9, 2] },
  [MOVED]: { ink: "other", line: 1.4, dash: [1.5, 2.4] },
};

/** @type {(scale: number) => number} */
export function ringRadius(scale) {
  return 2.5 + 5 * scale;
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
 * Everything that has a place: anchors, then the pictures kind by kind, rings around changed predictions, class names.
 * `look` = {colours, shade, changes: each per picture, anchors: their opacity, labels(): those on show, inks};
 * `across`, `down`: a coordinate to pixels; `scale`: how much smaller than usual points are; `size`: of the map,
 * {width, height}, since asking the page for it in the middle of a frame would cost a layout.
 * @type {(canvas: HTMLCanvasElement, scene: ScaledScene) => void}
 */
export function drawPoints(canvas, { data, places, look, members, across, down, scale, size }) {
  const pen = cleanSheet(canvas, size);
  const { x, y } = places.images;
  if (places.anchors && look.anchors > 0) drawAnchorMarks(pen, places.anchors, look, across, down, scale);
  for (const kind of KINDS) {
    const { line, rim } = MARKERS[kind];
    Object.assign(pen, { lineWidth: line, strokeStyle: rim ? look.inks[rim] : "" });
    for (const i of members[kind]) {
      if (look.shade[i] === HIDDEN) continue;
      pen.globalAlpha = look.shade[i] === DIMMED ? DIM_OPACITY : 1;
      drawMark(pen, kind, across(x[i]), down(y[i]), scale, look.colours[i]);
    }
  }
  pen.globalAlpha = 1;
  drawRings(pen, data, places.images, look, across, down, ringRadius(scale));
  drawLabels(pen, look.labels(), look.inks);
}

/**
 * @type {(pen: Pen, data: Data, layer: Layer, look: Look, across: ToPixels, down: ToPixels, radius: number) => void}
 */
function drawRings(pen, data, { x, y }, look, across, down, radius) {
  for (const change of [MOVED, BROKEN, FIXED]) {
    Object.assign(pen, { lineWidth: RINGS[change].line, strokeStyle: look.inks[RINGS[change].ink] });
    pen.setLineDash(RINGS[change].dash);
    for (let i = 0; i < data.n; i++) {
      if (look.changes[i] !== change || look.shade[i] !== SHOWN) continue;
      pen.beginPath();
      pen.arc(across(x[i]), down(y[i]), radius, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
  pen.setLineDash([]);
}

/** @type {(pen: Pen, kind: Kind, x: number, y: number, scale: number, colour: string) => void} */
function drawMark(pen, kind, x, y, scale, colour) {
  const radius = (MARKERS[kind].size * scale) / 2;
  pen.beginPath();
  if (kind === "query") drawStar(pen, x, y, radius);
  else pen.arc(x, y, radius, 0, 2 * Math.PI);
  if (kind === "unseen") {
    pen.strokeStyle = colour;
    return pen.stroke();
  }
  pen.fillStyle = colour;
  pen.fill();
  pen.stroke();
}

/** Five points upwards. @type {(pen: Pen, x: number, y: number, radius: number) => void} */
function drawStar(pen, x, y, radius) {
  for (let corner = 0; corner < 10; corner++) {
    const [angle, reach] = [(Math.PI * (corner - 2.5)) / 5, corner % 2 ? 0.45 * radius : radius];
    pen.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle));
  }
  pen.closePath();
}

/** @type {(pen: Pen, layer: Layer, look: Look, across: ToPixels, down: ToPixels, scale: number) => void} */
function drawAnchorMarks(pen, { x, y }, look, across, down, scale) {
  const reach = (ANCHOR.size * scale) / 2;
  Object.assign(pen, { lineWidth: ANCHOR.line, strokeStyle: look.inks.anchor });
  pen.globalAlpha = ANCHOR.opacity * look.anchors;
  pen.beginPath();
  for (let i = 0; i < x.length; i++) {
    const [left, top] = [across(x[i]), down(y[i])];
    pen.moveTo(left, top - reach);
    for (const [dx, dy] of [[reach, 0], [0, reach], [-reach, 0]]) pen.lineTo(left + dx, top + dy);
    pen.closePath();
  }
  pen.stroke();
}
