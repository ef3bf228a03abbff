// What is selected on the map, in an SVG of its own: the picture and the line to its nearest anchor. It also keeps the
// class names, which the canvas of the points draws.

import { makeSvg, setAttributes } from "../../dom.js";
import { HIDDEN } from "../model/selection.js";
import { arrangeLabels, makeLabel, weighLabels } from "./labels.js";

/** @import { Data, Label, MapPanel, OverlayPanel, Pixel, Pixels, Size } from '../../types.d.ts' */

/**
 * @typedef {{ place: Pixels, size: () => Size, zoomed: () => number, data: Data | null, labels: Label[],
 *   shade: Uint8Array, selected: number, hinted: number,
 *   line: SVGLineElement, target: SVGRectElement, focus: SVGCircleElement }} Overlay
 */

/** From this zoom on, classes that were not taught have their names too. */
const ALL_NAMES_ZOOM = 1.7;
/** The size of names on the map, in pixels, that their arrangement is made for. */
const USUAL_LABEL = 12;

/**
 * `map` tells where points are, its size and its zoom.
 * @type {(svg: SVGSVGElement, map: Pick<MapPanel, "place" | "size" | "zoomed">) => OverlayPanel}
 */
export function createOverlay(svg, { place, size, zoomed }) {
  /** @type {Overlay} */
  const overlay = {
    place, size, zoomed, data: null, labels: [], shade: new Uint8Array(0), selected: -1, hinted: -1,
    line: svg.appendChild(makeSvg("line", "to-anchor")),
    target: svg.appendChild(setAttributes(makeSvg("rect", "anchor-mark"), { x: -6, y: -6, width: 12, height: 12 })),
    focus: svg.appendChild(setAttributes(makeSvg("circle", "selected-mark"), { r: 11 })),
  };
  return {
    show(data) {
      Object.assign(overlay, { data, selected: -1, hinted: -1 });
      overlay.labels = data.classes.names.map((name, k) => makeLabel(name, Boolean(data.classes.seen[k])));
    },
    mark: (shade, selected) => markSelected(overlay, shade, selected),
    weigh: (alpha, received) => weighLabels(overlay.labels, alpha, received),
    follow: () => followPoints(overlay),
    /** The class of the picture under the pointer has its name too; -1 for none. Tells whether that changes anything. */
    hint(k) {
      if (k === overlay.hinted) return false;
      overlay.hinted = k;
      followPoints(overlay);
      return true;
    },
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
  const taught = data && selected >= 0 ? nearestTaught(data, selected) : -1;
  const target = taught >= 0 && taught !== selected ? overlay.place.images(taught) : null;
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

/**
 * The row of the taught picture that stands behind the nearest anchor of picture i, -1 where it is not on the page.
 * @type {(data: Data, i: number) => number}
 */
export function nearestTaught({ images, anchors }, i) {
  const anchor = images.nearestAnchor[i];
  return anchor >= 0 ? anchors.image[anchor] : -1;
}

/** A name that finds no room waits until there is some (zoom in). @type {(overlay: Overlay, data: Data) => void} */
function placeLabels(overlay, data) {
  const { labels, shade } = overlay;
  for (const label of labels) label.shown = false;
  const middles = labels.map((_, k) => overlay.place.classes(k)).filter((middle) => middle !== null);
  if (!middles.length) return;
  const points = [];
  for (let i = 0; i < data.n; i++) if (shade[i] !== HIDDEN) points.push(overlay.place.images(i));
  const all = overlay.zoomed() >= ALL_NAMES_ZOOM;
  middles.forEach(([x, y], k) => {
    const named = all || labels[k].seen || k === overlay.hinted;
    Object.assign(labels[k], named ? { x, y } : { x: NaN, y: NaN });
  });
  const scale = parseFloat(getComputedStyle(overlay.line).getPropertyValue("--label")) / USUAL_LABEL;
  arrangeLabels(labels, points, overlay.size(), scale || 1).forEach((spot, k) => {
    const stands = spot ? { x: spot.x, y: spot.y, slot: spot.slot, shown: true } : { slot: -1 };
    Object.assign(labels[k], stands);
  });
}
