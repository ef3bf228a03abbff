// The map: a Plotly figure with one SVG trace per kind of point. During a drag the colours of the existing SVG points
// are set directly (half the cost of Plotly.restyle); the figure itself is brought up to date when the drag ends.

const MAP_MARGIN = 0.06;
const MOVE_MILLISECONDS = 900;
const KINDS = ["train", "seen", "unseen", "query"];
const DIM_OPACITY = 0.4;
/** Filled points carry alpha in their fill, hollow ones (unseen classes) in their outline. */
const MARKERS = {
  train: { symbol: "circle", size: 7, line: { width: 1.2 } },
  seen: { symbol: "circle", size: 9, line: { width: 0.8 } },
  unseen: { symbol: "circle-open", size: 8.5, line: { width: 2.2 } },
  query: { symbol: "star", size: 15, line: { width: 1 } },
  anchors: { symbol: "diamond-open", size: 13, line: { width: 1.2 } },
};

function kindOf(data, i) {
  if (data.images.group[i] === 0) return "train";
  if (data.images.group[i] === 2) return "query";
  const truth = data.images.truth[i];
  return truth >= 0 && !data.classes.seen[truth] ? "unseen" : "seen";
}

/** The home view: the unit square with a margin; y grows upwards. */
function homeRange() {
  return [-MAP_MARGIN, 1 + MAP_MARGIN];
}

/** A map in `host`. `onView` is called whenever pixel positions changed: zoom, pan, resize, motion. */
function createMap(host, onView) {
  const map = { host, onView, data: null, shown: null, members: {}, nodes: [], motion: 0, ready: false, lasso: false };
  const call = (method) => (...values) => method(map, ...values);
  new ResizeObserver(() => map.ready && host.clientWidth > 0 && Plotly.Plots.resize(host)).observe(host.parentElement);
  return {
    show: call(showOnMap), recolour: call(recolourPoints), zoom: call(zoomMap),
    moveTo: call(moveTo), isReady: () => map.ready, setLasso: call(setLasso),
    onLasso: (caught) => { map.caught = caught; },
    place: (layer, i) => (map.shown[layer] ? pixelOf(map, map.shown[layer], i) : null),
    scale: () => map.scale || 1, size: () => ({ width: host.clientWidth, height: host.clientHeight }),
  };
}

/** Draw a data set. The view survives where the model is the same; otherwise the map starts at home. */
function showOnMap(map, data, colours, shade, sameSet) {
  stopMotion(map);
  map.data = data;
  map.shown = data.places;
  map.colours = colours;
  map.shade = shade;
  map.members = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (let i = 0; i < data.n; i++) map.members[data.kinds[i]].push(i);
  const view = map.ready && sameSet ? currentView(map) : { x: homeRange(), y: homeRange() };
  return Plotly.react(map.host, mapTraces(map), mapLayout(map, view), mapConfig()).then(() => {
    if (!map.ready) listenToPlot(map);
    map.ready = true;
    afterPlot(map);
  });
}

/** Points shrink where many share a small map: 1 at some 400 square pixels each, never below .6. */
function pointScale(map) {
  const share = (map.host.clientWidth * map.host.clientHeight) / Math.max(map.data.n, 1);
  return Math.min(Math.max(Math.sqrt(share / 400), 0.6), 1);
}

function mapTraces(map) {
  const { anchors } = map.shown;
  map.scale = pointScale(map);
  const trace = (kind, x, y, color) => ({
    type: "scatter", mode: "markers", uid: kind, x, y, hoverinfo: "skip", cliponaxis: true,
    marker: { ...MARKERS[kind], size: MARKERS[kind].size * map.scale, color, opacity: 1 },
  });
  const traces = [trace("anchors", anchors ? [...anchors.x] : [], anchors ? [...anchors.y] : [], "#c08a2d")];
  for (const kind of KINDS) {
    const points = map.members[kind];
    traces.push(trace(kind, ...coordinatesOf(map, points), points.map((i) => map.colours[i])));
  }
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
  map.host.on("plotly_afterplot", () => afterPlot(map));
  map.host.on("plotly_relayouting", () => map.onView());
  map.host.on("plotly_doubleclick", () => zoomMap(map, 0));
  map.host.on("plotly_selected", (event) => takeLasso(map, event));
}

/** Plotly may have rebuilt its points: find them again, colour them, and let the overlay follow. */
function afterPlot(map) {
  map.nodes = new Array(map.data.n).fill(null);
  for (const kind of KINDS) {
    const paths = map.host.querySelectorAll(`.trace${kind} .points path`);
    for (const path of paths) map.nodes[map.members[kind][path.__data__.i]] = path;
  }
  map.hollow = Array.from(map.data.kinds, (kind) => kind === "unseen");
  map.painted = [];
  map.shaded = [];
  map.anchorNodes = [...map.host.querySelectorAll(".traceanchors .points path")];
  recolourPoints(map, map.colours, map.shade);
  map.onView();
}

/** Colours and shades straight onto the SVG points; unchanged ones cost a comparison. */
function recolourPoints(map, colours, shade) {
  map.colours = colours;
  map.shade = shade;
  for (let i = 0; i < map.nodes.length; i++) {
    if (!map.nodes[i]) continue;
    if (map.painted[i] !== colours[i]) map.nodes[i].style[map.hollow[i] ? "stroke" : "fill"] = colours[i];
    if (map.shaded[i] !== shade[i]) shadePoint(map.nodes[i], shade[i]);
    map.painted[i] = colours[i];
    map.shaded[i] = shade[i];
  }
}

function shadePoint(node, shade) {
  node.style.display = shade === HIDDEN ? "none" : "";
  node.style.opacity = shade === DIMMED ? DIM_OPACITY : 1;
}

function currentView(map) {
  const layout = map.host._fullLayout;
  return { x: [...layout.xaxis.range], y: [...layout.yaxis.range] };
}

/** Where point i of a layer is, in pixels of the map card. */
function pixelOf(map, layer, i) {
  const { xaxis, yaxis } = map.host._fullLayout;
  const across = (axis, value) => (axis._length * (value - axis.range[0])) / (axis.range[1] - axis.range[0]);
  return [across(xaxis, layer.x[i]), yaxis._length - across(yaxis, layer.y[i])];
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
    transformPoints(map);
    map.onView();
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

function transformPoints(map) {
  const put = (node, layer, i) => {
    if (node) node.setAttribute("transform", `translate(${pixelOf(map, layer, i).join(",")})`);
  };
  map.nodes.forEach((node, i) => put(node, map.shown.images, i));
  if (map.shown.anchors) map.anchorNodes.forEach((node, i) => put(node, map.shown.anchors, i));
}
