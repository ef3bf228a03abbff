// What is selected on the map, in an SVG of its own: the picture and the line to its nearest anchor. It also keeps the
// class names, which the canvas of the points draws.

import { makeSvg, setAttributes } from "../../dom.js";
import { HIDDEN } from "../model/selection.js";
import { arrangeLabels, makeLabel, weighLabels } from "./labels.js";

/** @import { Data, Label, OverlayPanel, Pixel, Pixels, Size } from '../../types.d.ts' */

/**
 * @typedef {{ place: Pixels, size: () => Size, data: Data | null, labels: Label[], shade: Uint8Array, selected: number,
 *   line: SVGLineElement, target: SVGRectElement, focus: SVGCircleElement }} Overlay
 */

/**
 * `place` tells where points are; `size()` is the map's own {width, height}.
 * Returns {show(data), mark(shade, selected), weigh(alpha, beta), follow(), labels()}.
 * @type {(svg: SVGSVGElement, place: Pixels, size: () => Size) => OverlayPanel}
 */
export function createOverlay(svg, place, size) {
  /** @type {Overlay} */
  const overlay = {
    place, size, data: null, labels: [], shade: new Uint8Array(0), selected: -1,
    line: svg.appendChild(makeSvg("line", "to-anchor")),
    target: svg.appendChild(setAttributes(makeSvg("rect", "anchor-mark"), { x: -6, y: -6, width: 12, height: 12 })),
    focus: svg.appendChild(setAttributes(makeSvg("circle", "selected-mark"), { r: 11 })),
  };
  return {
    show(data) {
      Object.assign(overlay, { data, selected: -1 });
      overlay.labels = data.classes.names.map((name, k) => makeLabel(name, Boolean(data.classes.seen[k])));
    },
    mark: (shade, selected) => markSelected(overlay, shade, selected),
    weigh: (alpha, beta) => weighLabels(overlay.labels, alpha, beta),
    follow: () => followPoints(overlay),
    /** The names now on the map. */
    labels: () => overlay.labels.filter((label) => label.shown),
  };
}

/** `shade`: SHOWN to HIDDEN per picture. @type {(overlay: Overlay, shade: Uint8Array, selected: number) => void} */
function markSelected(overlay, shade, selected) {
  overlay.shade = shade;
  overlay.selected = selected >= 0 && shade[selected] === HIDDEN ? -1 : selected;
  placeFocus(overlay);
}

/** @type {(overlay: Overlay) => void} */
function followPoints(overlay) {
  if (!overlay.data) return;
  placeFocus(overlay);
  placeLabels(overlay, overlay.data);
}

/** @type {(node: SVGElement, pixel: Pixel, turn?: string) => void} */
export function translate(node, [x, y], turn = "") {
  node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})${turn}`);
}

/** @type {(overlay: Overlay) => void} */
function placeFocus(overlay) {
  const { selected, data } = overlay;
  const anchor = data && selected >= 0 ? data.images.nearestAnchor[selected] : -1;
  const target = anchor >= 0 ? overlay.place.anchors(anchor) : null;
  overlay.focus.style.display = selected >= 0 ? "" : "none";
  for (const node of [overlay.line, overlay.target]) node.style.display = target ? "" : "none";
  if (selected < 0) return;
  const [x, y] = overlay.place.images(selected);
  translate(overlay.focus, [x, y]);
  if (!target) return;
  const [toX, toY] = target;
  translate(overlay.target, [toX, toY], " rotate(45)");
  setAttributes(overlay.line, { x1: x, y1: y, x2: toX, y2: toY });
}

/** A name that finds no room waits until there is some (zoom in). @type {(overlay: Overlay, data: Data) => void} */
function placeLabels(overlay, data) {
  const { labels, shade } = overlay;
  for (const label of labels) label.shown = false;
  const middles = labels.map((_, k) => overlay.place.classes(k)).filter((middle) => middle !== null);
  if (!middles.length) return;
  const points = [];
  for (let i = 0; i < data.n; i++) if (shade[i] !== HIDDEN) points.push(overlay.place.images(i));
  middles.forEach(([x, y], k) => Object.assign(labels[k], { x, y }));
  arrangeLabels(labels, points, overlay.size()).forEach((spot, k) => {
    const stands = spot ? { x: spot.x, y: spot.y, slot: spot.slot, shown: true } : { slot: -1 };
    Object.assign(labels[k], stands);
  });
}
