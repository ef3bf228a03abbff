// What the map takes from Plotly: zoom, pan, double click and lasso over points that lie invisibly under the canvas.
// Nothing else knows Plotly, which arrives as a script of its own, or reads its private fields.

/** @import { Plotly, Size, View } from '../../types.d.ts' */

/**
 * @typedef {"pan" | "lasso" | false} DragMode
 * @typedef {{ kind: string, x: number[], y: number[] }} Trace
 * @typedef {{ onView(): void, onHome(): void, onLasso(caught: number[][]): void }} Hooks
 * @typedef {{ range: number[], _length: number }} Axis
 * @typedef {{ width: number, height: number, xaxis: Axis, yaxis: Axis }} FullLayout
 * @typedef {{ points?: { curveNumber: number, pointNumber: number }[] }} Selected
 * @typedef {{ _fullLayout: FullLayout, on(name: string, listener: (event?: Selected) => void): void }} Drawn
 * @typedef {HTMLElement & Drawn} PlotHost
 * @typedef {{ host: PlotHost, hooks: Hooks, drawn: boolean, clearing: boolean }} PlotState
 * @typedef {object} Plot
 * @property {() => boolean} isDrawn Whether it has been drawn once.
 * @property {(traces: Trace[], view: View, mode: DragMode) => Promise<void>} draw Everything anew.
 * @property {(traces: Trace[]) => void} move New coordinates for every trace.
 * @property {(view: View, mode: DragMode) => void} look Another view.
 * @property {(mode: DragMode) => void} setMode What dragging does.
 * @property {() => View} view The coordinates at its edges.
 * @property {() => ((value: number) => number)[]} scales From coordinates to pixels: rightwards and downwards.
 * @property {() => Size} size In pixels, without asking the page: that would cost a layout in the middle of a frame.
 */

/** @type {Promise<void> | null} */
let loading = null;

/** Begin to load Plotly from `address`, relative to the page; nothing waits for it. @type {(address: string) => void} */
export function loadPlotly(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(address, document.baseURI).href;
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => reject(new Error("plotly.js did not load")));
    document.head.append(script);
  });
  loading.catch(() => undefined); // whoever waits for it is told
}

/**
 * Call `ready()` as soon as Plotly is there, `missing()` if it cannot be had.
 * @type {(ready: () => void, missing: () => void) => void}
 */
export function whenPlotly(ready, missing) {
  if (window.Plotly) ready();
  else if (loading) loading.then(ready, missing);
  else missing();
}

/**
 * A plot in `element`, empty until it is drawn. `hooks.onView()` is called whenever pixel positions changed, `onHome()`
 * at a double click, `onLasso(caught)` with [[trace, point], ...] when a lasso has been drawn around some.
 * @type {(element: HTMLElement, hooks: Hooks) => Plot}
 */
export function createPlot(element, hooks) {
  const host = /** @type {PlotHost} */ (element);
  const plot = { host, hooks, drawn: false, clearing: false };
  const resize = () => { if (plot.drawn && host.clientWidth > 0) plotly().Plots.resize(host); };
  new ResizeObserver(resize).observe(host.parentElement ?? host);
  return {
    isDrawn: () => plot.drawn,
    draw: (traces, view, mode) => draw(plot, traces, view, mode),
    move: (traces) => plotly().restyle(host, { x: traces.map(({ x }) => x), y: traces.map(({ y }) => y) }),
    look: ({ x, y }, mode) => plotly().relayout(host, { "xaxis.range": x, "yaxis.range": y, dragmode: mode }),
    setMode: (mode) => plotly().relayout(host, { dragmode: mode }),
    view() {
      const { xaxis, yaxis } = host._fullLayout;
      return { x: [...xaxis.range], y: [...yaxis.range] };
    },
    scales: () => pixelScales(host._fullLayout),
    size: () => ({ width: host._fullLayout.width, height: host._fullLayout.height }),
  };
}

/** Plotly itself, once `whenPlotly` has found it. @type {() => Plotly} */
function plotly() {
  if (!window.Plotly) throw new Error("plotly.js is not there yet.");
  return window.Plotly;
}

/**
 * `traces` = [{kind, x, y}]; `mode`: what dragging does, "pan", "lasso" or false. Returns a promise.
 * @type {(plot: PlotState, traces: Trace[], view: View, mode: DragMode) => Promise<void>}
 */
async function draw(plot, traces, view, mode) {
  const drawn = traces.map(({ kind, x, y }) => ({
    type: "scatter", mode: "markers", uid: kind, x, y, hoverinfo: "skip", cliponaxis: true, marker: { size: 6 },
  }));
  await plotly().react(plot.host, drawn, layout(view, mode), CONFIG);
  if (!plot.drawn) listen(plot);
  plot.drawn = true;
}

const CONFIG = { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, displaylogo: false };

/** @type {(view: View, mode: DragMode) => object} */
function layout(view, mode) {
  const bare = { visible: false, zeroline: false, showgrid: false };
  return {
    xaxis: { range: view.x, ...bare }, yaxis: { range: view.y, ...bare }, margin: { l: 0, r: 0, t: 0, b: 0 },
    showlegend: false, hovermode: false, dragmode: mode, selections: [], autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  };
}

/** @type {(plot: PlotState) => void} */
function listen(plot) {
  const { host, hooks } = plot;
  host.on("plotly_afterplot", hooks.onView);
  host.on("plotly_relayouting", hooks.onView);
  host.on("plotly_doubleclick", hooks.onHome);
  host.on("plotly_selected", (event) => takeLasso(plot, event));
}

/**
 * Two functions, from coordinates to pixels: rightwards and downwards.
 * @type {(layout: FullLayout) => ((value: number) => number)[]}
 */
function pixelScales({ xaxis, yaxis }) {
  const [perX, perY] = [xaxis, yaxis].map(({ _length, range }) => _length / (range[1] - range[0]));
  return [(x) => perX * (x - xaxis.range[0]), (y) => yaxis._length - perY * (y - yaxis.range[0])];
}

/**
 * A lasso around nothing changes nothing; Plotly also sends an empty one when its outline is cleared.
 * @type {(plot: PlotState, event?: Selected) => void}
 */
function takeLasso(plot, event) {
  if (!event || !event.points || plot.clearing) return;
  if (event.points.length) plot.hooks.onLasso(event.points.map((point) => [point.curveNumber, point.pointNumber]));
  forgetSelection(plot);
}

/**
 * Plotly would keep its outline and fade points its own way; the explorer fades them, also while sliders move.
 * @type {(plot: PlotState) => void}
 */
function forgetSelection(plot) {
  plot.clearing = true;
  setTimeout(() => {
    const cleared = plotly().update(plot.host, { selectedpoints: null }, { selections: [] });
    cleared.finally(() => { plot.clearing = false; });
  }, 0);
}
