// What the map takes from Plotly: zoom, pan, double click and lasso over points that lie invisibly under the canvas.
// Nothing else knows Plotly, which arrives as a script of its own, or reads its private fields.

const WAIT_MILLISECONDS = 100;
const MOST_WAITS = 100;

/** Calls `ready()` when Plotly is there, or `missing()` after ten seconds without it. */
export function whenPlotly(ready, missing, waits = MOST_WAITS) {
  if (window.Plotly) return ready();
  if (waits === 0) return missing();
  setTimeout(() => whenPlotly(ready, missing, waits - 1), WAIT_MILLISECONDS);
}

/**
 * A plot in `host`, empty until it is drawn. `hooks.onView()` is called whenever pixel positions changed, `onHome()` at
 * a double click, `onLasso(caught)` with [[trace, point], ...] when a lasso has been drawn around some.
 */
export function createPlot(host, hooks) {
  const plot = { host, hooks, drawn: false, clearing: false };
  new ResizeObserver(() => plot.drawn && host.clientWidth > 0 && window.Plotly.Plots.resize(host)).observe(
    host.parentElement,
  );
  return {
    isDrawn: () => plot.drawn,
    draw: (traces, view, mode) => draw(plot, traces, view, mode),
    /** New coordinates, {x, y} of arrays, for every trace. */
    move: (traces) => window.Plotly.restyle(host, { x: traces.map(({ x }) => x), y: traces.map(({ y }) => y) }),
    /** `view` = {x, y}, each [low, high]. */
    look: ({ x, y }, mode) => window.Plotly.relayout(host, { "xaxis.range": x, "yaxis.range": y, dragmode: mode }),
    setMode: (mode) => window.Plotly.relayout(host, { dragmode: mode }),
    view() {
      const { xaxis, yaxis } = host._fullLayout;
      return { x: [...xaxis.range], y: [...yaxis.range] };
    },
    scales: () => pixelScales(host._fullLayout),
    /** {width, height} without asking the page, which would cost a layout in the middle of a frame. */
    size: () => ({ width: host._fullLayout.width, height: host._fullLayout.height }),
  };
}

/** `traces` = [{kind, x, y}]; `mode`: what dragging does, "pan", "lasso" or false. Returns a promise. */
function draw(plot, traces, view, mode) {
  const drawn = traces.map(({ kind, x, y }) => ({
    type: "scatter", mode: "markers", uid: kind, x, y, hoverinfo: "skip", cliponaxis: true, marker: { size: 6 },
  }));
  return window.Plotly.react(plot.host, drawn, layout(view, mode), CONFIG).then(() => {
    if (!plot.drawn) listen(plot);
    plot.drawn = true;
  });
}

const CONFIG = { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, displaylogo: false };

function layout(view, mode) {
  const axis = (range) => ({ range, visible: false, zeroline: false, showgrid: false });
  return {
    xaxis: axis(view.x), yaxis: axis(view.y), margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: false,
    dragmode: mode, selections: [], autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  };
}

function listen(plot) {
  const { host, hooks } = plot;
  host.on("plotly_afterplot", hooks.onView);
  host.on("plotly_relayouting", hooks.onView);
  host.on("plotly_doubleclick", hooks.onHome);
  host.on("plotly_selected", (event) => takeLasso(plot, event));
}

/** Two functions, from coordinates to pixels: rightwards and downwards. */
function pixelScales({ xaxis, yaxis }) {
  const per = (axis) => axis._length / (axis.range[1] - axis.range[0]);
  const [perX, perY] = [per(xaxis), per(yaxis)];
  return [(x) => perX * (x - xaxis.range[0]), (y) => yaxis._length - perY * (y - yaxis.range[0])];
}

/** A lasso around nothing changes nothing; Plotly also sends an empty one when its outline is cleared. */
function takeLasso(plot, event) {
  if (!event || !event.points || plot.clearing) return;
  if (event.points.length) plot.hooks.onLasso(event.points.map((point) => [point.curveNumber, point.pointNumber]));
  forgetSelection(plot);
}

/** Plotly would keep its outline and fade points its own way; the explorer fades them, also while sliders move. */
function forgetSelection(plot) {
  plot.clearing = true;
  setTimeout(() => {
    const cleared = window.Plotly.update(plot.host, { selectedpoints: null }, { selections: [] });
    cleared.finally(() => { plot.clearing = false; });
  }, 0);
}
