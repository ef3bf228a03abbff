// The map as a file. It is drawn anew from what is on show, not copied from the page: then it needs no style sheet,
// and opens in any drawing program.

import { find, findA, make, makeSvg, penOf, setAttributes } from "../../dom.js";
import { SAME } from "../model/formula.js";
import { formatGamma } from "../model/numbers.js";
import { ANCHOR_KIND, DIMMED, HIDDEN, SHOWN } from "../model/selection.js";
import { currentTheme, pageInks } from "./colours.js";
import { translate } from "./overlay.js";
import { ANCHOR, DIM_OPACITY, MARKERS, ringRadius, RINGS } from "./points.js";

/** @import { Inks, Label, MapPanel, Numbers, OverlayPanel, Theme } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {{ root: HTMLElement, state: State, map: MapPanel, overlay: OverlayPanel }} Page
 * @typedef {Page & Pick<Numbers, "data" | "shade" | "colours" | "changes">} MapScene
 */

const EXPORT_FOOT = 26;
const EXPORT_FONT = "Helvetica, Arial, sans-serif";
const PNG_SCALE = 2;
const STAR = "M0-7.5 2.2-2.4 7.1-2.3 3.2.8 4.4 6.1 0 3.2-4.4 6.1-3.2.8-7.1-2.3-2.2-2.4Z";
/** @type {Record<Theme, string>} */
const PAGES = { light: "#ffffff", dark: "#111827" };

/**
 * The map as SVG text, in the colours, zoom and filters of the moment; `scene` as `wireExport` takes it.
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
  if (!scene.state.filter.kinds.has(ANCHOR_KIND)) drawAnchors(scene, sheet, ink);
  drawExportPoints(scene, sheet, ink);
  drawExportRings(scene, sheet, ink);
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
  const setting = `\u03b2 ${Number(scene.state.beta.toFixed(3))}, \u03b3 ${formatGamma(scene.state.gamma)}`;
  const { title, projection } = scene.data;
  return [title, setting, `coloured by ${colour}`, projection].filter(Boolean).join(" \u00b7 ");
}

/** @type {(scene: MapScene, sheet: Element, ink: Inks) => void} */
function drawAnchors(scene, sheet, ink) {
  const size = (ANCHOR.size * scene.map.scale()) / 2;
  for (let i = 0; i < scene.data.anchors.label.length; i++) {
    const place = scene.map.place.anchors(i);
    if (!place) continue;
    const [x, y] = place;
    const d = `M${x} ${y - size}L${x + size} ${y} ${x} ${y + size} ${x - size} ${y}Z`;
    const { line, opacity } = ANCHOR;
    add(sheet, "path", { d, fill: "none", stroke: ink.anchor, "stroke-width": line, opacity });
  }
}

/**
 * Training pictures with a dark rim, hollow rings for unseen classes, stars for queries: as on the page.
 * @type {(scene: MapScene, sheet: Element, ink: Inks) => void}
 */
function drawExportPoints(scene, sheet, ink) {
  for (let i = 0; i < scene.data.n; i++) {
    const place = scene.map.place.images(i);
    if (scene.shade[i] === HIDDEN || !place.every(Number.isFinite)) continue;
    const kind = scene.data.kinds[i];
    const { size, line, rim } = MARKERS[kind];
    const colour = scene.colours[i];
    const node = kind === "query" ? add(sheet, "path", { d: STAR })
      : add(sheet, "circle", { r: ((size * scene.map.scale()) / 2).toFixed(2) });
    translate(node, place);
    setAttributes(node, rim ? { fill: colour, stroke: ink[rim] } : { fill: "none", stroke: colour });
    setAttributes(node, { "stroke-width": line, opacity: scene.shade[i] === DIMMED ? DIM_OPACITY : 1 });
  }
}

/** @type {(scene: MapScene, sheet: Element, ink: Inks) => void} */
function drawExportRings(scene, sheet, ink) {
  for (let i = 0; i < scene.data.n; i++) {
    if (scene.changes[i] === SAME || scene.shade[i] !== SHOWN) continue;
    const [cx, cy] = scene.map.place.images(i);
    const { ink: name, line, dash } = RINGS[scene.changes[i]];
    const ring = add(sheet, "circle", { cx, cy, r: ringRadius(scene.map.scale()), fill: "none" });
    setAttributes(ring, { stroke: ink[name], "stroke-width": line, "stroke-dasharray": dash.join(" ") || "none" });
  }
}

/** @type {(scene: MapScene, sheet: Element, ink: Inks) => void} */
function drawSelected(scene, sheet, ink) {
  const { selected } = scene.state;
  if (selected < 0 || scene.shade[selected] === HIDDEN) return;
  const [cx, cy] = scene.map.place.images(selected);
  const anchor = scene.data.images.nearestAnchor[selected];
  const target = anchor >= 0 ? scene.map.place.anchors(anchor) : null;
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

/**
 * `scene()` is what there is to draw, or null while there is nothing.
 * @type {(root: HTMLElement, scene: () => MapScene | null) => void}
 */
export function wireExport(root, scene) {
  /** @type {(id: string, save: (svg: string) => void) => void} */
  const wire = (id, save) => {
    find(root, id).addEventListener("click", () => {
      const drawn = scene();
      if (drawn) save(mapSvg(drawn));
    });
  };
  wire("#export-svg", (svg) => saveBlob(new Blob([svg], { type: "image/svg+xml" }), "llu-map.svg"));
  wire("#export-png", async (svg) => saveBlob(await pngOf(svg), "llu-map.png"));
}
