// The map: where the points are, how they travel to new places, zoom and lasso. Its points are shown by a canvas, see
// points.js, over a plot that serves the hand, see plotly.js.

import { startPlaces } from "../model/payload.js";
import { HIDDEN, KINDS } from "../model/selection.js";
import { createStamps } from "./markers.js";
import { createPlot } from "./plotly.js";
import { drawPoints, membersOf, orderOf } from "./points.js";
import { createShade } from "./shade.js";

/** @import { Data, Layer, Look, MapPanel, Pixel, Places, View } from '../../types.d.ts' */
/** @import { DragMode, Plot, Trace } from "./plotly.js" */
/** @import { Scene } from "./points.js" */
/** @import { Stamps } from "./markers.js" */
/** @import { Shade } from "./shade.js" */

/**
 * @typedef {{ host: HTMLElement, canvas: HTMLCanvasElement, plot: Plot, shade: Shade, stamps: Stamps,
 *   onView: () => void, scene: Scene | null, scale: number, motion: number, lasso: boolean }} MapState
 */

const MAP_MARGIN = 0.06;
const MOVE_MILLISECONDS = 900;
/** Square pixels of map per point from which on points have their full size. */
const ROOM_PER_POINT = 700;
const SMALLEST_POINTS = 0.55;

/** The home view: the unit square with a margin; y grows upwards. @type {() => View} */
function homeView() {
  const range = [-MAP_MARGIN, 1 + MAP_MARGIN];
  return { x: range, y: [...range] };
}

/**
 * A map in `host` with its points and its shade on canvases of their own. `onView` is called whenever pixel positions
 * changed: zoom, pan, resize, motion; `onLasso(indices)` with the pictures that a lasso caught.
 * @type {(host: HTMLElement, sheets: { points: HTMLCanvasElement, shade: HTMLCanvasElement },
 *   hooks: { onView: () => void, onLasso: (indices: number[]) => void }) => MapPanel}
 */
export function createMap(host, sheets, { onView, onLasso }) {
  const plot = createPlot(host, {
    onView: () => viewChanged(map), onHome: () => zoomMap(map, 0),
    onLasso: (caught) => onLasso(caughtPictures(map, caught)),
  });
  /** @type {MapState} */
  const map = {
    host, canvas: sheets.points, plot, shade: createShade(sheets.shade), stamps: createStamps(), onView,
    scene: null, scale: 1, motion: 0, lasso: false,
  };
  return {
    show: (data, look, manner) => showOnMap(map, data, look, manner), recolour: (look) => recolour(map, look),
    moveTo: (places) => moveTo(map, places),
    zoom: (factor, about = -1) => zoomMap(map, factor, about), setLasso: (active) => setLasso(map, active),
    isReady: plot.isDrawn, isResting: () => plot.isDrawn() && map.motion === 0,
    place: {
      images: (i) => pixelOf(map, sceneOf(map).places.images, i),
      classes: (k) => classPixelOf(map, k),
    },
    zoomed: () => zoomOf(map), shadePicture: map.shade.picture,
    pixel: (x, y) => { const [across, down] = map.plot.scales(); return [across(x), down(y)]; },
    scale: () => map.scale, size: () => ({ width: host.clientWidth, height: host.clientHeight }),
  };
}

/** @type {(map: MapState) => Scene} */
function sceneOf(map) {
  if (!map.scene) throw new Error("There is nothing on the map yet.");
  return map.scene;
}

/**
 * Draw a data set. `keepsView`: the same model is on show; otherwise the map starts at home. `samePoints`: they set out
 * from their old places to their new ones.
 * @type {(map: MapState, data: Data, look: Look, manner: Parameters<MapPanel["show"]>[2]) => Promise<void>}
 */
async function showOnMap(map, data, look, { keepsView, samePoints }) {
  stopMotion(map);
  const places = samePoints && map.scene ? startPlaces(map.scene.places, data.places) : data.places;
  const scene = { data, places, look, members: membersOf(data), order: orderOf(data) };
  map.scene = scene;
  const view = map.plot.isDrawn() && keepsView ? map.plot.view() : homeView();
  await map.plot.draw(tracesOf(scene), view, dragMode(map, view));
  viewChanged(map);
  if (map.scene === scene && scene.places !== data.places) moveTo(map, data.places);
}

/** Points shrink where many share a small map. @type {(map: MapState) => number} */
function pointScale(map) {
  const share = (map.host.clientWidth * map.host.clientHeight) / Math.max(sceneOf(map).data.n, 1);
  return Math.min(Math.max(Math.sqrt(share / ROOM_PER_POINT), SMALLEST_POINTS), 1);
}

/** One trace of the plot per kind of picture, in the order of KINDS. @type {(scene: Scene) => Trace[]} */
function tracesOf({ places: { images }, members }) {
  return KINDS.map((kind) => {
    const points = members[kind];
    return { kind, x: points.map((i) => images.x[i]), y: points.map((i) => images.y[i]) };
  });
}

/**
 * A finger must be able to scroll past: on touch screens the map can be pushed only once it is zoomed in.
 * @type {(map: MapState, view: View) => DragMode}
 */
function dragMode(map, view) {
  if (map.lasso) return "lasso";
  const atHome = [view.x, view.y].every(([low, high]) => high - low > 1);
  return atHome && window.matchMedia("(pointer: coarse)").matches ? false : "pan";
}

/** Pixel positions are other ones: points and overlay follow. @type {(map: MapState) => void} */
function viewChanged(map) {
  map.scale = pointScale(map);
  map.onView();
  paintPoints(map);
}

/** `look` as `drawPoints` takes it. @type {(map: MapState, look: Look) => void} */
function recolour(map, look) {
  sceneOf(map).look = look;
  paintPoints(map);
}

/** @type {(map: MapState) => void} */
function paintPoints(map) {
  const [across, down] = map.plot.scales();
  const scaled = { across, down, scale: map.scale, zoom: zoomOf(map), size: map.plot.size() };
  drawPoints(map.canvas, map, { ...sceneOf(map), ...scaled });
}

/** How much larger than at home everything is. @type {(map: MapState) => number} */
function zoomOf(map) {
  if (!map.plot.isDrawn()) return 1;
  const [low, high] = map.plot.view().x;
  return (1 + 2 * MAP_MARGIN) / (high - low);
}

/** Where point i of a layer is, in pixels of the map card. @type {(map: MapState, layer: Layer, i: number) => Pixel} */
function pixelOf(map, layer, i) {
  const [across, down] = map.plot.scales();
  return [across(layer.x[i]), down(layer.y[i])];
}

/** @type {(map: MapState, k: number) => Pixel | null} */
function classPixelOf(map, k) {
  const { classes } = sceneOf(map).places;
  return classes && pixelOf(map, classes, k);
}

/**
 * Zoom by a factor about the picture `about`, or about the middle where there is none in sight; 0 goes home.
 * @type {(map: MapState, factor: number, about?: number) => void}
 */
function zoomMap(map, factor, about = -1) {
  if (!map.plot.isDrawn()) return;
  const view = map.plot.view();
  const { images } = sceneOf(map).places;
  const inSight = about >= 0 && isWithin(images.x[about], view.x) && isWithin(images.y[about], view.y);
  /** @type {(axis: "x" | "y") => number[]} */
  const scale = (axis) => {
    const [low, high] = view[axis];
    const fixed = inSight ? images[axis][about] : (low + high) / 2;
    return [fixed - (fixed - low) / factor, fixed + (high - fixed) / factor];
  };
  const next = factor ? { x: scale("x"), y: scale("y") } : homeView();
  map.plot.look(next, dragMode(map, next));
}

/** @type {(value: number, range: number[]) => boolean} */
function isWithin(value, [low, high]) {
  return value >= low && value <= high;
}

/**
 * Let the points travel to new places (a Places value, normalised); at once where the visitor prefers no motion.
 * @type {(map: MapState, places: Places) => void}
 */
function moveTo(map, places) {
  stopMotion(map);
  const { scene } = map;
  if (!scene) return; // once there is one, it begins at the places of its data set
  const from = scene.places;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
  if (!map.plot.isDrawn() || still) return landAt(map, scene, places);
  const start = performance.now();
  /** @type {(now: number) => void} */
  const step = (now) => {
    const share = Math.min((now - start) / MOVE_MILLISECONDS, 1);
    if (share === 1) return landAt(map, scene, places);
    scene.places = mixPlaces(from, places, share * share * (3 - 2 * share));
    viewChanged(map);
    map.motion = requestAnimationFrame(step);
  };
  map.motion = requestAnimationFrame(step);
}

/** @type {(map: MapState, scene: Scene, places: Places) => void} */
function landAt(map, scene, places) {
  map.motion = 0;
  scene.places = places;
  if (map.plot.isDrawn()) map.plot.move(tracesOf(scene));
}

/** @type {(map: MapState) => void} */
function stopMotion(map) {
  if (map.motion) cancelAnimationFrame(map.motion);
  map.motion = 0;
}

/** @type {(from: Places, to: Places, share: number) => Places} */
function mixPlaces(from, to, share) {
  /** @type {(a: Float32Array, b: Float32Array) => Float32Array} */
  const mix = (a, b) => b.map((value, i) => a[i] + share * (value - a[i]));
  /** @type {(before: Layer, after: Layer) => Layer} */
  const layer = (before, after) => ({ x: mix(before.x, after.x), y: mix(before.y, after.y) });
  const classes = from.classes && to.classes ? layer(from.classes, to.classes) : to.classes;
  return { images: layer(from.images, to.images), classes };
}

/** Dragging draws a lasso, or pushes the map. @type {(map: MapState, active: boolean) => void} */
function setLasso(map, active) {
  map.lasso = active;
  if (map.plot.isDrawn()) map.plot.setMode(dragMode(map, map.plot.view()));
}

/**
 * What the plot caught as picture rows; hidden pictures cannot be caught.
 * @type {(map: MapState, caught: number[][]) => number[]}
 */
function caughtPictures(map, caught) {
  const { look, members } = sceneOf(map);
  const rows = caught.flatMap(([trace, point]) => members[KINDS[trace]][point] ?? []);
  return rows.filter((i) => look.shade[i] !== HIDDEN);
}
