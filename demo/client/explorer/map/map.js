// The map: a Plotly figure with one trace per kind of point, for zoom, pan and lasso. Its points lie invisibly under a
// canvas that shows them, see points.js.

const MAP_MARGIN = 0.06;
const MOVE_MILLISECONDS = 900;
/** Square pixels of map per point from which on points have their full size. */
const ROOM_PER_POINT = 700;
const SMALLEST_POINTS = 0.55;

/** The home view: the unit square with a margin; y grows upwards. */
function homeRange() {
  return [-MAP_MARGIN, 1 + MAP_MARGIN];
}

/**
 * A map in `host` with its points on `canvas`. `onView` is called whenever pixel positions changed: zoom, pan, resize,
 * motion.
 */
function createMap(host, canvas, onView) {
  const map = { host, canvas, onView, data: null, shown: null, look: null, members: {}, motion: 0, ready: false };
  const call = (method) => (...values) => method(map, ...values);
  new ResizeObserver(() => map.ready && host.clientWidth > 0 && Plotly.Plots.resize(host)).observe(host.parentElement);
  return {
    show: call(showOnMap), recolour: call(recolour), zoom: call(zoomMap),
    moveTo: call(moveTo), setLasso: call(setLasso),
    isReady: () => map.ready, isResting: () => map.ready && map.motion === 0,
    onLasso: (caught) => { map.caught = caught; },
    place: (layer, i) => (map.shown[layer] ? pixelOf(map, map.shown[layer], i) : null),
    scale: () => map.scale || 1, size: () => ({ width: host.clientWidth, height: host.clientHeight }),
  };
}

/** Draw a data set. The view survives where the model is the same; otherwise the map starts at home. */
function showOnMap(map, data, look, sameSet) {
  stopMotion(map);
  map.data = data;
  map.shown = data.places;
  map.look = look;
  map.members = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (let i = 0; i < data.n; i++) map.members[data.kinds[i]].push(i);
  const view = map.ready && sameSet ? currentView(map) : { x: homeRange(), y: homeRange() };
  return Plotly.react(map.host, mapTraces(map), mapLayout(map, view), mapConfig()).then(() => {
    if (!map.ready) listenToPlot(map);
    map.ready = true;
    viewChanged(map);
  });
}

/** Points shrink where many share a small map. */
function pointScale(map) {
  const share = (map.host.clientWidth * map.host.clientHeight) / Math.max(map.data.n, 1);
  return Math.min(Math.max(Math.sqrt(share / ROOM_PER_POINT), SMALLEST_POINTS), 1);
}

function mapTraces(map) {
  const { anchors } = map.shown;
  map.scale = pointScale(map);
  const trace = (kind, x, y) => ({
    type: "scatter", mode: "markers", uid: kind, x, y, hoverinfo: "skip", cliponaxis: true, marker: { size: 6 },
  });
  const traces = [trace("anchors", anchors ? [...anchors.x] : [], anchors ? [...anchors.y] : [])];
  for (const kind of KINDS) traces.push(trace(kind, ...coordinatesOf(map, map.members[kind])));
  return traces;
}

function coordinatesOf(map, points) {
  const { x, y } = map.shown.images;
  return [points.map((i) => x[i]), points.map((i) => y[i])];
}

function mapLayout(map, view) {
  const axis = (range) => ({ range, visible: false, zeroline: false, showgrid: false });
  return {
    xaxis: axis(view.x), yaxis: axis(view.y), margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: false,
    dragmode: dragMode(map, view), selections: [], autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  };
}

/** A finger must be able to scroll past: on touch screens the map can be pushed only once it is zoomed in. */
function dragMode(map, view) {
  if (map.lasso) return "lasso";
  const atHome = [view.x, view.y].every(([low, high]) => high - low > 1);
  return atHome && window.matchMedia("(pointer: coarse)").matches ? false : "pan";
}

function mapConfig() {
  return { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, displaylogo: false };
}

function listenToPlot(map) {
  map.host.on("plotly_afterplot", () => viewChanged(map));
  map.host.on("plotly_relayouting", () => viewChanged(map));
  map.host.on("plotly_doubleclick", () => zoomMap(map, 0));
  map.host.on("plotly_selected", (event) => takeLasso(map, event));
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
  const { data, shown: places, look, members, scale, host: { _fullLayout: size } } = map;
  const [across, down] = pixelScales(map);
  drawPoints(map.canvas, { data, places, look, members, across, down, scale, size });
}

function currentView(map) {
  const layout = map.host._fullLayout;
  return { x: [...layout.xaxis.range], y: [...layout.yaxis.range] };
}

/** Two functions, from coordinates to pixels of the map card: rightwards and downwards. */
function pixelScales(map) {
  const { xaxis, yaxis } = map.host._fullLayout;
  const per = (axis) => axis._length / (axis.range[1] - axis.range[0]);
  const [perX, perY] = [per(xaxis), per(yaxis)];
  return [(x) => perX * (x - xaxis.range[0]), (y) => yaxis._length - perY * (y - yaxis.range[0])];
}

/** Where point i of a layer is, in pixels of the map card. */
function pixelOf(map, layer, i) {
  const [across, down] = pixelScales(map);
  return [across(layer.x[i]), down(layer.y[i])];
}

/** Zoom about the middle by a factor; 0 goes home. */
function zoomMap(map, factor) {
  if (!map.ready) return;
  const scale = ([low, high]) => {
    const middle = (low + high) / 2;
    return [middle - (high - low) / 2 / factor, middle + (high - low) / 2 / factor];
  };
  const view = currentView(map);
  const [x, y] = factor ? [scale(view.x), scale(view.y)] : [homeRange(), homeRange()];
  Plotly.relayout(map.host, { "xaxis.range": x, "yaxis.range": y, dragmode: dragMode(map, { x, y }) });
}

/** Let the points travel to new places (a Places value, normalised); at once where the visitor prefers no motion. */
function moveTo(map, places) {
  stopMotion(map);
  const from = map.shown;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
  if (!map.ready || still || Boolean(from.anchors) !== Boolean(places.anchors)) return landAt(map, places);
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
  map.shown = map.data.places = places;
  if (!map.ready) return;
  const coordinates = [places.anchors ? [[...places.anchors.x], [...places.anchors.y]] : [[], []]];
  for (const kind of KINDS) coordinates.push(coordinatesOf(map, map.members[kind]));
  Plotly.restyle(map.host, { x: coordinates.map(([x]) => x), y: coordinates.map(([, y]) => y) });
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
