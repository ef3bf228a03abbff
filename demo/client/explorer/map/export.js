// The map as a file. It is drawn anew from what is on show, not copied from the page: then it needs no style sheet,
// and opens in any drawing program.

import { make, makeSvg, setAttributes } from "../../dom.js";
import { SAME } from "../model/formula.js";
import { formatGamma } from "../model/numbers.js";
import { ANCHOR_KIND, DIMMED, HIDDEN, SHOWN } from "../model/selection.js";
import { currentTheme, pageInks } from "./colours.js";
import { translate } from "./overlay.js";
import { ANCHOR, DIM_OPACITY, MARKERS, ringRadius, RINGS } from "./points.js";

const EXPORT_FOOT = 26;
const EXPORT_FONT = "Helvetica, Arial, sans-serif";
const PNG_SCALE = 2;
const STAR = "M0-7.5 2.2-2.4 7.1-2.3 3.2.8 4.4 6.1 0 3.2-4.4 6.1-3.2.8-7.1-2.3-2.2-2.4Z";
const PAGES = { light: "#ffffff", dark: "#111827" };

/** The map as SVG text, in the colours, zoom and filters of the moment; `scene` as `wireExport` takes it. */
export function mapSvg(scene) {
  const { width, height } = scene.map.size();
  const total = height + EXPORT_FOOT;
  const ink = { ...pageInks(scene.root), card: PAGES[currentTheme()] };
  const svg = setAttributes(makeSvg("svg"), {
    width, height: total, viewBox: `0 0 ${width} ${total}`, "font-family": EXPORT_FONT,
  });
  const add = (parent, tag, values) => parent.appendChild(setAttributes(makeSvg(tag), values));
  add(svg, "rect", { width, height: total, fill: ink.card });
  add(add(add(svg, "defs", {}), "clipPath", { id: "map" }), "rect", { width, height });
  const sheet = add(svg, "g", { "clip-path": "url(#map)" });
  if (!scene.state.filter.kinds.has(ANCHOR_KIND)) drawAnchors(scene, sheet, add, ink);
  drawExportPoints(scene, sheet, add, ink);
  drawExportRings(scene, sheet, add, ink);
  drawSelected(scene, sheet, add, ink);
  for (const label of scene.overlay.labels()) drawExportLabel(label, sheet, add, ink);
  const foot = add(svg, "text", { x: 10, y: height + 17, "font-size": 12, fill: ink.soft });
  foot.textContent = exportCaption(scene);
  return new XMLSerializer().serializeToString(svg);
}

function exportCaption(scene) {
  const colour = scene.root.querySelector("#colour-by").selectedOptions[0].textContent;
  const setting = `\u03b2 ${Number(scene.state.beta.toFixed(3))}, \u03b3 ${formatGamma(scene.state.gamma)}`;
  return [scene.state.data.title, setting, `coloured by ${colour}`, scene.state.data.projection].filter(Boolean).join(" \u00b7 ");
}

function drawAnchors(scene, sheet, add, ink) {
  const size = (ANCHOR.size * scene.map.scale()) / 2;
  for (let i = 0; i < scene.state.data.anchors.label.length; i++) {
    const place = scene.map.place("anchors", i);
    if (!place) continue;
    const [x, y] = place;
    const d = `M${x} ${y - size}L${x + size} ${y} ${x} ${y + size} ${x - size} ${y}Z`;
    const { line, opacity } = ANCHOR;
    add(sheet, "path", { d, fill: "none", stroke: ink.anchor, "stroke-width": line, opacity });
  }
}

/** Training pictures with a dark rim, hollow rings for unseen classes, stars for queries: as on the page. */
function drawExportPoints(scene, sheet, add, ink) {
  for (let i = 0; i < scene.state.data.n; i++) {
    const place = scene.map.place("images", i);
    if (scene.shade[i] === HIDDEN || !place.every(Number.isFinite)) continue;
    const kind = scene.state.data.kinds[i];
    const { size, line, rim } = MARKERS[kind];
    const colour = scene.colours[i];
    const node = kind === "query" ? add(sheet, "path", { d: STAR })
      : add(sheet, "circle", { r: ((size * scene.map.scale()) / 2).toFixed(2) });
    translate(node, place);
    setAttributes(node, kind === "unseen" ? { fill: "none", stroke: colour } : { fill: colour, stroke: ink[rim] });
    setAttributes(node, { "stroke-width": line, opacity: scene.shade[i] === DIMMED ? DIM_OPACITY : 1 });
  }
}

function drawExportRings(scene, sheet, add, ink) {
  for (let i = 0; i < scene.state.data.n; i++) {
    if (scene.changes[i] === SAME || scene.shade[i] !== SHOWN) continue;
    const [cx, cy] = scene.map.place("images", i);
    const { ink: name, line, dash } = RINGS[scene.changes[i]];
    const ring = add(sheet, "circle", { cx, cy, r: ringRadius(scene.map.scale()), fill: "none" });
    setAttributes(ring, { stroke: ink[name], "stroke-width": line, "stroke-dasharray": dash.join(" ") || "none" });
  }
}

function drawSelected(scene, sheet, add, ink) {
  const { selected, data } = scene.state;
  if (selected < 0 || scene.shade[selected] === HIDDEN) return;
  const [cx, cy] = scene.map.place("images", selected);
  const anchor = data.images.nearestAnchor[selected];
  const target = anchor >= 0 ? scene.map.place("anchors", anchor) : null;
  const stroke = { stroke: ink.strong, fill: "none" };
  if (target) {
    const [x2, y2] = target;
    add(sheet, "line", { x1: cx, y1: cy, x2, y2, ...stroke, "stroke-width": 1.6, "stroke-dasharray": "5 4" });
  }
  add(sheet, "circle", { cx, cy, r: 11, ...stroke, "stroke-width": 3 });
}

/** Class names with a halo, as a text of its own below the letters: drawing programs know no paint-order. */
function drawExportLabel({ name, x, y, seen }, sheet, add, ink) {
  const shared = {
    x, y, "text-anchor": "middle", "dominant-baseline": "central", "font-size": 12,
    "font-weight": seen ? 600 : 400, "font-style": seen ? "normal" : "italic",
  };
  const halo = { stroke: ink.card, fill: ink.card, "stroke-width": 3.5, "stroke-linejoin": "round" };
  for (const paint of [halo, { fill: ink.ink }]) add(sheet, "text", { ...shared, ...paint }).textContent = name;
}

/** Draws the SVG text on a canvas of twice its size: PNG as a Blob. */
async function pngOf(svgText) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth * PNG_SCALE;
  canvas.height = picture.naturalHeight * PNG_SCALE;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function saveBlob(blob, name) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** `scene()` = {root, state, map, overlay, shade, colours, changes}, or null while there is nothing to draw. */
export function wireExport(root, scene) {
  const wire = (id, save) => {
    root.querySelector(id).addEventListener("click", () => { if (scene()) save(mapSvg(scene())); });
  };
  wire("#export-svg", (svg) => saveBlob(new Blob([svg], { type: "image/svg+xml" }), "llu-map.svg"));
  wire("#export-png", async (svg) => saveBlob(await pngOf(svg), "llu-map.png"));
}
