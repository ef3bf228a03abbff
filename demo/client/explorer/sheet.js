// The thumbnails of a data set, which come as one sprite sheet.

import { setText } from "../dom.js";

/** @import { Data, Paint, Thumbnails, Tile } from '../types.d.ts' */

/** @typedef {{ url: string, columns: number, rows: number, tile: number, count: number, picture: HTMLImageElement }} Sheet */

/**
 * The sprite sheet as a blob: hundreds of thumbnails share one decoded picture instead of a long data address each.
 * @type {(thumbnails: Thumbnails | null, n: number, onReady: () => void) => Sheet | null}
 */
function openSheet(thumbnails, n, onReady) {
  if (!thumbnails) return null;
  const [header, body] = thumbnails.sheet.split(",", 2);
  const raw = atob(body);
  const bytes = Uint8Array.from({ length: raw.length }, (_, i) => raw.charCodeAt(i));
  const type = header.slice(5).split(";")[0];
  const { columns, tile, count = n } = thumbnails;
  const [url, picture] = [URL.createObjectURL(new Blob([bytes], { type })), new Image()];
  const sheet = { url, columns, rows: Math.ceil(count / columns), tile, count, picture };
  picture.addEventListener("load", () => {
    sheet.rows = Math.round(picture.naturalHeight / tile);
    onReady();
  });
  picture.src = sheet.url;
  return sheet;
}

/** Where tile `at` of `count` in a row is, in percent. @type {(at: number, count: number) => number} */
function percent(at, count) {
  return count > 1 ? (100 * at) / (count - 1) : 0;
}

/**
 * Show tile `index` of the sheet, or a lettered plate where there is no picture.
 * @type {(node: HTMLElement, sheet: Sheet | null, index: number, fallback?: string) => void}
 */
function paintThumb(node, sheet, index, fallback = "") {
  if (!sheet || index < 0 || index >= sheet.count) {
    node.style.backgroundImage = "";
    node.classList.add("plate");
    return setText(node, fallback.slice(0, 1).toUpperCase());
  }
  const column = index % sheet.columns;
  const row = Math.floor(index / sheet.columns);
  node.classList.remove("plate");
  setText(node, "");
  node.style.backgroundImage = `url("${sheet.url}")`;
  node.style.backgroundSize = `${100 * sheet.columns}% ${100 * sheet.rows}%`;
  node.style.backgroundPosition = `${percent(column, sheet.columns)}% ${percent(row, sheet.rows)}%`;
}

/** @type {(sheet: Sheet | null, i: number) => Tile | null} */
function tileOf(sheet, i) {
  if (!sheet || i >= sheet.count || !sheet.picture.complete || !sheet.picture.naturalWidth) return null;
  const { picture, columns, tile } = sheet;
  return { picture, x: (i % columns) * tile, y: Math.floor(i / columns) * tile, side: tile };
}

/**
 * The sheet on show; `onReady()` is called when its picture is there.
 * @type {(onReady: () => void) => { show(data: Data): void, paint: Paint, tile: (i: number) => Tile | null }}
 */
export function createSheet(onReady) {
  /** @type {Sheet | null} */
  let sheet = null;
  /** @type {string[]} */
  let names = [];
  return {
    show(data) {
      if (sheet) URL.revokeObjectURL(sheet.url);
      names = data.images.names;
      const opened = openSheet(data.thumbnails, data.n, () => { if (sheet === opened) onReady(); });
      sheet = opened;
      data.thumbnails = null; // the blob has it
    },
    tile: (i) => tileOf(sheet, i),
    paint: (node, i) => paintThumb(node, sheet, i, i >= 0 ? names[i] : ""),
  };
}
