// What the points of the map look like, and a sheet of them: each marker is drawn once and stamped from then on. At every
// slider event all points change, and copying a few pixels costs a fraction of filling and outlining a shape.

import { make, penOf } from "../../dom.js";

/** @import { Ink, Inks, Kind } from '../../types.d.ts' */

/**
 * @typedef {CanvasRenderingContext2D} Pen
 * @typedef {"diamond" | "disc" | "ring" | "square" | "star"} Shape
 * @typedef {{ left: number, top: number, side: number }} Stamp Where a marker lies on the sheet, in device pixels.
 * @typedef {{ dense: number, scale: number, inks: Inks }} Setting `dense`: device pixels per pixel.
 * @typedef {object} Stamps
 * @property {HTMLCanvasElement} sheet What they are drawn on.
 * @property {(setting: Setting, count: number) => void} begin Room for `count` stamps, and what holds for all of them.
 * @property {(kind: Kind, level: number, colour: string) => Stamp} of The stamp of a marker, made where there is none yet.
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
/** So many sizes there are between the weakest and the full one; their steps are a tenth of a pixel. */
const LEVELS = 32;
const [COLUMNS, LEAST_ROWS] = [32, 32];
/** Around a marker, in pixels, for its line and its soft edge. */
const AROUND = 3;

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

const LARGEST = Math.max(...Object.values(MARKERS).map(({ size }) => size));

/** The level of a share from 0 to 255. @type {(share: number) => number} */
export function levelOf(share) {
  return Math.floor((share * LEVELS) / 256);
}

/** @type {() => Stamps} */
export function createStamps() {
  const sheet = make("canvas");
  const pen = penOf(sheet);
  /** @type {Map<string, Stamp>} */
  const known = new Map();
  /** @type {Setting | null} */
  let setting = null;
  let [cell, room] = [0, 0];
  return {
    sheet,
    begin(next, count) {
      const same = setting?.dense === next.dense && setting.scale === next.scale && setting.inks === next.inks;
      if (same && known.size + count <= room) return;
      setting = next;
      known.clear();
      const rows = Math.max(LEAST_ROWS, Math.ceil((2 * count) / COLUMNS));
      cell = Math.ceil(next.dense * (LARGEST * next.scale + AROUND));
      room = rows * COLUMNS;
      Object.assign(sheet, { width: COLUMNS * cell, height: rows * cell });
    },
    of(kind, level, colour) {
      const key = `${kind} ${level} ${colour}`;
      const there = known.get(key);
      if (there) return there;
      if (!setting) throw new Error("Stamps are asked for after `begin`.");
      const size = sizeOf(kind, level / (LEVELS - 1)) * setting.scale;
      const stamp = {
        left: cell * (known.size % COLUMNS), top: cell * Math.floor(known.size / COLUMNS),
        side: Math.min(Math.ceil(setting.dense * (size + AROUND)), cell),
      };
      drawStamp(pen, stamp, { kind, colour, radius: size / 2 }, setting);
      known.set(key, stamp);
      return stamp;
    },
  };
}

/** @type {(pen: Pen, stamp: Stamp, marker: { kind: Kind, colour: string, radius: number }, setting: Setting) => void} */
function drawStamp(pen, { left, top, side }, { kind, colour, radius }, { dense, inks }) {
  const { shape, line, rim } = MARKERS[kind];
  pen.setTransform(dense, 0, 0, dense, left + side / 2, top + side / 2);
  pen.lineWidth = line;
  [pen.fillStyle, pen.strokeStyle] = shape === "ring" ? [inks[rim], colour] : [colour, inks[rim]];
  pen.beginPath();
  if (shape === "diamond") drawDiamond(pen, radius);
  else if (shape === "star") drawStar(pen, radius);
  else if (shape === "square") pen.rect(-radius, -radius, 2 * radius, 2 * radius);
  else pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
}

/** @type {(pen: Pen, radius: number) => void} */
function drawDiamond(pen, radius) {
  for (const [x, y] of [[0, -radius], [radius, 0], [0, radius], [-radius, 0]]) pen.lineTo(x, y);
  pen.closePath();
}

/** Five points upwards. @type {(pen: Pen, radius: number) => void} */
function drawStar(pen, radius) {
  for (let corner = 0; corner < 10; corner++) {
    const [angle, reach] = [(Math.PI * (corner - 2.5)) / 5, corner % 2 ? 0.45 * radius : radius];
    pen.lineTo(reach * Math.cos(angle), reach * Math.sin(angle));
  }
  pen.closePath();
}
