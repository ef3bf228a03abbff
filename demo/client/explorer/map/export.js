// The map as a file. It is drawn anew from what is on show, not copied from the page: then it needs no style sheet,
// and opens in any drawing program.

import { findA, make, makeSvg, penOf, setAttributes } from "../../dom.js";
import { formatSetting } from "../model/numbers.js";
import { DIMMED, HIDDEN } from "../model/selection.js";
import { currentTheme, pageInks } from "./colours.js";
import { nearestTaught, translate } from "./overlay.js";
import { MARKERS, opacityOf, sizeOf } from "./markers.js";
import { CROSS, orderOf, showsBroken } from "./points.js";
import { SHADE_MARGIN } from "./shade.js";

/** @import { Inks, Label, MapPanel, Numbers, OverlayPanel, Theme } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {{ root: HTMLElement, state: State, map: MapPanel, overlay: OverlayPanel }} Page
 * @typedef {Page & Pick<Numbers, "data" | "shade" | "shares" | "colours" | "changes">} MapScene
 */

const EXPORT_FOOT = 26;
const EXPORT_FONT = "Helvetica, Arial, sans-serif";
const PNG_SCALE = 2;
const STAR = "M0-7.5 2.2-2.4 7.1-2.3 3.2.8 4.4 6.1 0 3.2-4.4 6.1-3.2.8-7.1-2.3-2.2-2.4Z";
/** @type {Record<Theme, string>} */
const PAGES = { light: "#ffffff", dark: "#111827" };

/**
 * The map as SVG text, in the colours, zoom and filters of the moment.
 * @type {(scene: MapScene) => string}
 */
export function mapSvg(scene) {
  const { width, height } = scene.map.size();
  const total = height + EXPORT_FOOT;
  const ink = { ...pageInks(scene.root), card: PAGES[currentTheme()] };
  const svg = setAttributes(makeSvg("svg"), {
    width, height: total, viewBox: `0 0 ${width} ${total}`, "font-family": EXPORT_FONT,
  });
  add(svg, "rect", { width, height: total, fill: ink.card });
  add(add(add(svg, "defs", {}), "clipPath", { id: "map" }), "rect", { width, height });
  const sheet = add(svg, "g", { "clip-path": "url(#map)" });
  drawExportShade(scene, sheet);
  for (const i of orderOf(scene.data)) if (scene.shade[i] !== HIDDEN) drawExportPoint(scene, sheet, ink, i);
  drawExportCrosses(scene, sheet, ink);
  drawSelected(scene, sheet, ink);
  for (const label of scene.overlay.labels()) drawExportLabel(label, sheet, ink);
  const foot = add(svg, "text", { x: 10, y: height + 17, "font-size": 12, fill: ink.soft });
  foot.textContent = exportCaption(scene);
  return new XMLSerializer().serializeToString(svg);
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {Element} parent
 * @param {T} tag
 * @param {Record<string, string | number>} values
 */
function add(parent, tag, values) {
  return parent.appendChild(setAttributes(makeSvg(tag), values));
}

/** @type {(scene: MapScene) => string} */
function exportCaption(scene) {
  const colour = findA(HTMLSelectElement, scene.root, "#colour-by").selectedOptions[0].textContent;
  const { title, projection, statistics, shelf } = scene.data;
  const acting = shelf?.together ? shelf.acting.map((s) => `${shelf.able[s].title} ${formatSetting(shelf.able[s])}`) : null;
  const setting = acting ? acting.join("; ") : formatSetting(scene.state);
  const counted = statistics === null ? "" : `class statistics ${statistics ? "on" : "off"}`;
  return [title, setting, counted, `coloured by ${colour}`, projection].filter(Boolean).join(" \u00b7 ");
}

/** The shade of the mask, a small picture stretched as on the page. @type {(scene: MapScene, sheet: Element) => void} */
function drawExportShade({ map }, sheet) {
  const [left, top] = map.pixel(-SHADE_MARGIN, 1 + SHADE_MARGIN);
  const [right, bottom] = map.pixel(1 + SHADE_MARGIN, -SHADE_MARGIN);
  add(sheet, "image", {
    x: left, y: top, width: right - left, height: bottom - top, preserveAspectRatio: "none", href: map.shadePicture(),
  });
}

/** As on the page: see MARKERS. @type {(scene: MapScene, sheet: Element, ink: Inks, i: number) => void} */
function drawExportPoint(scene, sheet, ink, i) {
  const place = scene.map.place.images(i);
  if (!place.every(Number.isFinite)) return;
  const kind = scene.data.kinds[i];
  const { shape, line, rim } = MARKERS[kind];
  const share = scene.shares[i] / 255;
  const radius = (sizeOf(kind, share) * scene.map.scale()) / 2;
  const diamond = `M0-${radius}L${radius} 0 0 ${radius}-${radius} 0Z`;
  const square = `M-${radius}-${radius}H${radius}V${radius}H-${radius}Z`;
  const node = shape === "disc" || shape === "ring" ? add(sheet, "circle", { r: radius.toFixed(2) })
    : add(sheet, "path", { d: { star: STAR, diamond, square }[shape] });
  translate(node, place);
  const [fill, stroke] = shape === "ring" ? [ink[rim], scene.colours[i]] : [scene.colours[i], ink[rim]];
  const opacity = opacityOf(kind, share, scene.shade[i] === DIMMED);
  setAttributes(node, { fill, stroke, "stroke-width": line, opacity: opacity.toFixed(2) });
}

/** @type {(scene: MapScene, sheet: Element, ink: Inks) => void} */
function drawExportCrosses(scene, sheet, ink) {
  const r = CROSS.reach;
  for (let i = 0; i < scene.data.n; i++) {
    if (!showsBroken(scene.data, scene, i)) continue;
    const cross = add(sheet, "path", { d: `M-${r}-${r}L${r} ${r}M-${r} ${r}L${r}-${r}`, stroke: ink.bad });
    translate(setAttributes(cross, { "stroke-width": CROSS.line, fill: "none" }), scene.map.place.images(i));
  }
}

/** @type {(scene: MapScene, sheet: Element, ink: Inks) => void} */
function drawSelected(scene, sheet, ink) {
  const { selected } = scene.state;
  if (selected < 0 || scene.shade[selected] === HIDDEN) return;
  const [cx, cy] = scene.map.place.images(selected);
  const taught = nearestTaught(scene.data, selected);
  const target = taught >= 0 && taught !== selected ? scene.map.place.images(taught) : null;
  const stroke = { stroke: ink.strong, fill: "none" };
  if (target) {
    const [x2, y2] = target;
    add(sheet, "line", { x1: cx, y1: cy, x2, y2, ...stroke, "stroke-width": 1.6, "stroke-dasharray": "5 4" });
  }
  add(sheet, "circle", { cx, cy, r: 11, ...stroke, "stroke-width": 3 });
}

/**
 * Class names with a halo, as a text of its own below the letters: drawing programs know no paint-order.
 * @type {(label: Label, sheet: Element, ink: Inks) => void}
 */
function drawExportLabel({ name, x, y, seen }, sheet, ink) {
  const shared = {
    x, y, "text-anchor": "middle", "dominant-baseline": "central", "font-size": 12,
    "font-weight": seen ? 600 : 400, "font-style": seen ? "normal" : "italic",
  };
  const halo = { stroke: ink.card, fill: ink.card, "stroke-width": 3.5, "stroke-linejoin": "round" };
  for (const paint of [halo, { fill: ink.ink }]) add(sheet, "text", { ...shared, ...paint }).textContent = name;
}

/** Draws the SVG text on a canvas of twice its size: PNG as a Blob. @type {(svgText: string) => Promise<Blob>} */
async function pngOf(svgText) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText)}`;
  await picture.decode();
  const canvas = make("canvas");
  canvas.width = picture.naturalWidth * PNG_SCALE;
  canvas.height = picture.naturalHeight * PNG_SCALE;
  penOf(canvas).drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (
    blob ? resolve(blob) : reject(new Error("This browser makes no PNG."))), "image/png"));
}

/** @type {(blob: Blob, name: string) => void} */
function saveBlob(blob, name) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Hands the map to the visitor as a file. @type {(scene: MapScene, kind: "png" | "svg") => Promise<void>} */
export async function saveMap(scene, kind) {
  const svg = mapSvg(scene);
  const blob = kind === "png" ? await pngOf(svg) : new Blob([svg], { type: "image/svg+xml" });
  saveBlob(blob, `llu-map.${kind}`);
}
