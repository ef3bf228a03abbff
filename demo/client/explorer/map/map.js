// The map: where the points are, how they travel to new places, zoom and lasso. Its points are shown by a canvas, see
// points.js, over a plot that serves the hand, see plotly.js.

import { startPlaces } from "../model/payload.js";
import { ANCHOR_KIND, HIDDEN, KINDS } from "../model/selection.js";
import { createPlot } from "./plotly.js";
import { drawPoints } from "./points.js";

const MAP_MARGIN = 0.06;
const MOVE_MILLISECONDS = 900;
/** Square pixels of map per point from which on points have their full size. */
const ROOM_PER_POINT = 700;
const SMALLEST_POINTS = 0.55;
/** One trace of the plot per kind of point, in this order. */
const TRACES = [ANCHOR_KIND, ...KINDS];

/** The home view: the unit square with a margin; y grows upwards. */
function homeView() {
  const range = [-MAP_MARGIN, 1 + MAP_MARGIN];
  return { x: range, y: [...range] };
}

/**
 * A map in `host` with its points on `canvas`. `onView` is called whenever pixel positions changed: zoom, pan, resize,
 * motion; `onLasso(indices)` with the pictures that a lasso caught.
 */
export function createMap(host, canvas, { onView, onLasso }) {
  const map = { host, canvas, onView, data: null, shown: null, look: null, members: {}, motion: 0, lasso: false };
  map.plot = createPlot(host, {
    onView: () => viewChanged(map), onHome: () => zoomMap(map, 0),
    onLasso: (caught) => onLasso(caughtPictures(map, caught)),
  });
  const call = (method) => (...values) => method(map, ...values);
  return {
    show: call(showOnMap), recolour: call(recolour), zoom: call(zoomMap),
    moveTo: call(moveTo), setLasso: call(setLasso),
    isReady: map.plot.isDrawn, isResting: () => map.plot.isDrawn() && map.motion === 0,
    place: (layer, i) => (map.shown[layer] ? pixelOf(map, map.shown[layer], i) : null),
    scale: () => map.scale || 1, size: () => ({ width: host.clientWidth, height: host.clientHeight }),
  };
}

/**
 * Draw a data set. `keepsView`: the same model is on show; otherwise the map starts at home. `samePoints`: they set out
 * from their old places to their new ones.
 */
function showOnMap(map, data, look, { keepsView, samePoints }) {
  stopMotion(map);
  map.data = data;
  map.shown = samePoints && map.shown ? startPlaces(map.shown, data.places) : data.places;
  map.look = look;
  map.members = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (let i = 0; i < data.n; i++) map.members[data.kinds[i]].push(i);
  const view = map.plot.isDrawn() && keepsView ? map.plot.view() : homeView();
  return map.plot.draw(tracesOf(map), view, dragMode(map, view)).then(() => {
    viewChanged(map);
    if (map.data === data && map.shown !== data.places) moveTo(map, data.places);
  });
}

/** Points shrink where many share a small map. */
function pointScale(map) {
  const share = (map.host.clientWidth * map.host.clientHeight) / Math.max(map.data.n, 1);
  return Math.min(Math.max(Math.sqrt(share / ROOM_PER_POINT), SMALLEST_POINTS), 1);
}

function tracesOf(map) {
  const { images, anchors } = map.shown;
  return TRACES.map((kind) => {
    if (kind !== ANCHOR_KIND) {
      const points = map.members[kind];
      return { kind, x: points.map((i) => images.x[i]), y: points.map((i) => images.y[i]) };
    }
    return { kind, x: anchors ? [...anchors.x] : [], y: anchors ? [...anchors.y] : [] };
  });
}

/** A finger must be able to scroll past: on touch screens the map can be pushed only once it is zoomed in. */
function dragMode(map, view) {
  if (map.lasso) return "lasso";
  const atHome = [view.x, view.y].every(([low, high]) => high - low > 1);
  return atHome && window.matchMedia("(pointer: coarse)").matches ? false : "pan";
}

/** Pixel positions are other ones: points and overlay follow. */
function viewChanged(map) {
  map.scale = pointScale(map);
  map.onView();
  paintPoints(map);
}

/** `look` as `drawPoints` takes it. */
function recolour(map, look) {
  map.look = look;
  paintPoints(map);
}

function paintPoints(map) {
  const { data, shown: places, look, members, scale } = map;
  const [across, down] = map.plot.scales();
  drawPoints(map.canvas, { data, places, look, members, across, down, scale, size: map.plot.size() });
}

/** Where point i of a layer is, in pixels of the map card. */
function pixelOf(map, layer, i) {
  const [across, down] = map.plot.scales();
  return [across(layer.x[i]), down(layer.y[i])];
}

/** Zoom about the middle by a factor; 0 goes home. */
function zoomMap(map, factor) {
  if (!map.plot.isDrawn()) return;
  const scale = ([low, high]) => {
    const middle = (low + high) / 2;
    return [middle - (high - low) / 2 / factor, middle + (high - low) / 2 / factor];
  };
  const view = map.plot.view();
  const next = factor ? { x: scale(view.x), y: scale(view.y) } : homeView();
  map.plot.look(next, dragMode(map, next));
}

/** Let the points travel to new places (a Places value, normalised); at once where the visitor prefers no motion. */
function moveTo(map, places) {
  stopMotion(map);
  const from = map.shown;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
  if (!map.plot.isDrawn() || still || Boolean(from.anchors) !== Boolean(places.anchors)) return landAt(map, places);
  const start = performance.now();
  const step = (now) => {
    const share = Math.min((now - start) / MOVE_MILLISECONDS, 1);
    if (share === 1) return landAt(map, places);
    map.shown = mixPlaces(from, places, share * share * (3 - 2 * share));
    viewChanged(map);
    map.motion = requestAnimationFrame(step);
  };
  map.motion = requestAnimationFrame(step);
}

function landAt(map, places) {
  map.motion = 0;
  map.shown = places;
  if (map.plot.isDrawn()) map.plot.move(tracesOf(map));
}

function stopMotion(map) {
  if (map.motion) cancelAnimationFrame(map.motion);
  map.motion = 0;
}

function mixPlaces(from, to, share) {
  const mix = (a, b) => b.map((value, i) => a[i] + share * (value - a[i]));
  const layer = (name) => (from[name] && to[name]
    ? { x: mix(from[name].x, to[name].x), y: mix(from[name].y, to[name].y) } : to[name]);
  return { images: layer("images"), anchors: layer("anchors"), classes: layer("classes") };
}

/** Dragging draws a lasso, or pushes the map. */
function setLasso(map, active) {
  map.lasso = active;
  if (map.plot.isDrawn()) map.plot.setMode(dragMode(map, map.plot.view()));
}

/** What the plot caught as picture rows; anchors can be caught but mean nothing here, hidden pictures cannot. */
function caughtPictures(map, caught) {
  const rows = caught.flatMap(([trace, point]) => map.members[TRACES[trace]]?.[point] ?? []);
  return rows.filter((i) => map.look.shade[i] !== HIDDEN);
}
