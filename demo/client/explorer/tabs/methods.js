// The compared systems on this set: trained by the server when asked, one row after the other.

import {
  around, find, findA, make, makeButton, makeSvg, makeSvgText, setAttributes, setPressed, setText, wireSegments,
} from "../../dom.js";
import { DASH } from "../model/numbers.js";

/** @import { Data, MethodRow, MethodsUpdate, TabContext, TabPanel, Trigger } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {"unseen" | "elsewhere"} Against What taught accuracy is drawn against.
 * @typedef {{ method: string, title: string, seen: number, other: number }} MethodPoint
 * @typedef {{ ticks: number[], at(value: number): number }} MethodsScale
 * @typedef {{ state: State, ask: Trigger, data: Data | null, rows: MethodRow[], total: number, run: number,
 *   running: boolean, waiting: string, message: string, shown: string, start: HTMLButtonElement,
 *   against: Against, choice: HTMLElement, status: HTMLElement, results: HTMLElement, body: HTMLElement, svg: SVGElement }} MethodsView
 */

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel & { receive(update: MethodsUpdate): void }} */
export function createMethods(panel, { state, ask }) {
  const results = find(panel, ".methods-results");
  /** @type {MethodsView} */
  const view = {
    state, ask, data: null, rows: [], total: 0, run: 0, running: false, waiting: "", message: "", shown: "",
    start: findA(HTMLButtonElement, panel, ".methods-start"), status: find(panel, ".methods-status"), results,
    against: "unseen", choice: find(results, ".methods-against"), body: find(results, "tbody"), svg: findA(SVGSVGElement, results, ".methods-chart"),
  };
  view.start.addEventListener("click", () => startComparing(view));
  wireSegments(view.choice, ["unseen", "elsewhere"], (against) => { view.against = against; drawMethods(view); });
  view.body.addEventListener("click", (event) => {
    const button = around(event, "button");
    const row = view.rows.find((one) => one.method === button?.dataset.method);
    if (row) showOnColours(view, row);
  });
  new ResizeObserver(() => drawMethods(view)).observe(results);
  return {
    showData(data) {
      Object.assign(view, { data, rows: [], running: false, message: "", shown: "" });
      renderMethods(view);
    },
    /** Another colouring was chosen: no row's answers are on the map. */
    show(frame) {
      if (!view.shown || frame.colouring === "method") return;
      view.shown = "";
      renderMethods(view);
    },
    receive(payload) {
      if (!view.running || payload.run !== view.run) return; // pictures have changed since it was asked for
      const { rows, total, waiting, message } = payload;
      Object.assign(view, { rows, total, waiting, message });
      view.running = payload.rows.length < payload.total && !payload.message;
      renderMethods(view);
    },
    state: () => ({ rows: view.rows.length, running: view.running, shown: view.shown }),
  };
}

/** @type {(view: MethodsView) => void} */
function startComparing(view) {
  if (!view.data || view.running) return;
  Object.assign(view, { rows: [], total: 0, run: view.run + 1, running: true, waiting: "", message: "" });
  renderMethods(view);
  view.ask("methods", { run: view.run });
}

/** @type {(view: MethodsView, row: MethodRow) => void} */
function showOnColours(view, row) {
  view.shown = row.method;
  view.state.colourBySystem(row.title, Int32Array.from(row.answers));
  renderMethods(view);
}

/** @type {(view: MethodsView) => void} */
function renderMethods(view) {
  const { rows, total, running, waiting, message } = view;
  view.start.disabled = running;
  setText(view.start, rows.length && !running ? "Train again" : "Train and compare");
  const progress = total ? `Training: ${rows.length} of ${total} done\u2026` : "Training\u2026";
  setText(view.status, message || (running ? waiting || progress : ""));
  view.results.hidden = rows.length === 0;
  view.body.replaceChildren(...rows.map((row) => methodRow(row, view.shown)));
  drawMethods(view);
}

/** @type {(row: MethodRow, shown: string) => HTMLElement} */
function methodRow(row, shown) {
  const node = make("tr", row.method === "llu" ? "ours" : "");
  const name = node.appendChild(make("th", "", row.note ? `${row.title} *` : row.title));
  name.scope = "row";
  name.title = row.note;
  for (const value of [row.seen, row.unseen, row.h, row.elsewhere]) {
    node.appendChild(make("td", "", value === null ? DASH : value.toFixed(1)));
  }
  node.appendChild(make("td", "", row.seconds < 0.05 ? "<.1" : row.seconds.toFixed(1)));
  const button = node.appendChild(make("td")).appendChild(makeButton("plain", "Colour"));
  button.dataset.method = row.method;
  setPressed(button, row.method === shown);
  button.setAttribute("aria-label", `Colour the map by the answers of ${row.title}`);
  return node;
}

// Taught accuracy against that of other classes, or elsewhere, a point per method: up and to the right is better, straight
// down is what was forgotten.

/** @type {Record<Against, string>} */
const AXES = { unseen: "not taught, %", elsewhere: "elsewhere, %" };
const METHODS_BOX = { left: 44, right: 14, top: 12, bottom: 40, height: 270 };

/** @type {(view: MethodsView) => void} */
function drawMethods(view) {
  view.choice.hidden = view.rows.every(({ elsewhere }) => elsewhere === null);
  const against = view.choice.hidden ? "unseen" : view.against;
  const points = view.rows.flatMap(({ method, title, seen, [against]: other }) => (
    seen === null || other === null ? [] : [{ method, title, seen, other }]));
  const width = view.svg.clientWidth;
  if (!width || !points.length) return view.svg.replaceChildren();
  const { left, right, top, bottom, height } = METHODS_BOX;
  setAttributes(view.svg, { viewBox: `0 0 ${width} ${height}`, height });
  const x = methodsScale(points, "seen", left, width - right);
  const y = methodsScale(points, "other", height - bottom, top);
  const axes = makeSvg("g", "methods-axes");
  for (const value of x.ticks) axes.append(tickLine(x.at(value), top, x.at(value), height - bottom));
  for (const value of y.ticks) axes.append(tickLine(left, y.at(value), width - right, y.at(value)));
  for (const value of x.ticks) axes.append(makeSvgText(x.at(value), height - bottom + 16, String(value), "middle"));
  for (const value of y.ticks) axes.append(makeSvgText(left - 8, y.at(value) + 4, String(value), "end"));
  axes.append(makeSvgText((left + width - right) / 2, height - 6, "taught, %", "middle"));
  const title = makeSvgText(0, 0, AXES[against], "middle");
  title.setAttribute("transform", `translate(12 ${(top + height - bottom) / 2}) rotate(-90)`);
  axes.append(title);
  view.svg.replaceChildren(axes, ...placeMethods(points, x.at, y.at, width - right, against));
}

/**
 * Whole percents with some air; ticks every 5, 10 or 20.
 * @type {(points: MethodPoint[], key: "seen" | "other", from: number, to: number) => MethodsScale}
 */
function methodsScale(points, key, from, to) {
  const values = points.map((row) => row[key]);
  const spread = Math.max(...values) - Math.min(...values);
  const step = spread > 50 ? 20 : spread > 20 ? 10 : 5;
  const low = Math.floor((Math.min(...values) - 0.5) / step) * step;
  const high = Math.ceil((Math.max(...values) + 0.5) / step) * step;
  const ticks = Array.from({ length: (high - low) / step + 1 }, (_, at) => low + at * step);
  /** @type {(value: number) => number} */
  const at = (value) => from + ((value - low) / (high - low)) * (to - from);
  return { ticks: ticks.filter((value) => value >= 0 && value <= 100), at };
}

/** @type {(x1: number, y1: number, x2: number, y2: number) => SVGElement} */
function tickLine(x1, y1, x2, y2) {
  return setAttributes(makeSvg("line"), { x1, y1, x2, y2 });
}

/**
 * Labels stand right of their points, left at the right edge, and give way downwards to those above them.
 * @type {(points: MethodPoint[], atX: MethodsScale["at"], atY: MethodsScale["at"], edge: number, against: Against)
 *   => SVGElement[]}
 */
function placeMethods(points, atX, atY, edge, against) {
  /** @type {{ level: number, span: number[] }[]} */
  const taken = [];
  return [...points].sort((a, b) => b.other - a.other).map((row) => {
    const group = makeSvg("g", row.method === "llu" ? "method ours" : "method");
    const [x, y] = [atX(row.seen), atY(row.other)];
    const room = 7 * row.title.length + 12;
    const left = x + room > edge;
    const span = left ? [x - room, x] : [x, x + room];
    let level = y + 4;
    /** @type {(one: { level: number, span: number[] }) => boolean} */
    const hits = (one) => Math.abs(one.level - level) < 14 && one.span[0] < span[1] && span[0] < one.span[1];
    while (taken.some(hits)) level += 2;
    taken.push({ level, span });
    group.append(setAttributes(makeSvg("circle"), { cx: x, cy: y, r: 5 }));
    group.append(makeSvgText(left ? x - 9 : x + 9, level, row.title, left ? "end" : "start"));
    const more = group.appendChild(makeSvg("title"));
    more.textContent = `${row.title}: taught ${row.seen.toFixed(1)} %, ${AXES[against].replace(", %", "")} ${row.other.toFixed(1)} %`;
    return group;
  });
}
