// The tab "Walk": an arc between two embeddings; three choices, two charts with one axis.

import { find, findA, make, makeSvg, makeSvgText, setAttributes, setText } from "../../dom.js";
import { arcCurves, arcKey, decodeArc, defaultAnchor, spreadLabels } from "../model/arc.js";
import { formatWeight } from "../model/numbers.js";

/** @import { Arc, ArcTarget, Data, FrameValues, TabContext, TabPanel, Trigger, WalkUpdate } from '../../types.d.ts' */

/**
 * @typedef {"original" | "updated" | "localized"} ArcLine
 * @typedef {ArcTarget & { anchor: number }} Wanted
 * @typedef {ReturnType<typeof arcCurves>} Curves
 * @typedef {ReturnType<typeof arcEnds>} Ends
 * @typedef {ReturnType<typeof arcScales>} Scales
 * @typedef {{ path: SVGElement, label: SVGElement }} DrawnLine
 * @typedef {Record<ArcLine | "alpha", DrawnLine> & { grid: SVGElement }} ArcChart
 * @typedef {{ ask: Trigger, frame: FrameValues | null, arcs: Map<string, Arc>, arc: Arc | null, wanted: Wanted | null,
 *   curves: Curves | null, timer: number, asked: string, filled: boolean, anchor: HTMLSelectElement,
 *   target: HTMLSelectElement, score: HTMLSelectElement, status: HTMLElement, box: HTMLElement, svg: SVGElement,
 *   chart: ArcChart, gridKey: string }} ArcView
 */

const ARC_DEBOUNCE = 160;
const ARCS_KEPT = 30;
/** @type {ArcLine[]} */
const ARC_LINES = ["original", "updated", "localized"];
const ARC_NAMES = { original: "original", updated: "fully updated", localized: "localized" };
const ARC_BOX = { left: 42, top: 12, score: 210, gap: 30, alpha: 84, bottom: 40 };

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel & { receive(update: WalkUpdate): void }} */
export function createArc(panel, { ask }) {
  /** @type {(name: string) => HTMLSelectElement} */
  const select = (name) => findA(HTMLSelectElement, panel, `.walk-${name}`);
  const box = find(panel, ".walk-box");
  const svg = findA(SVGSVGElement, box, ".walk-chart");
  /** @type {ArcView} */
  const view = {
    ask, frame: null, arcs: new Map(), arc: null, wanted: null, curves: null, timer: 0, asked: "", filled: false,
    anchor: select("anchor"), target: select("target"), score: select("class"), status: find(panel, ".walk-status"),
    box, svg, chart: makeArcChart(svg), gridKey: "",
  };
  for (const list of [view.anchor, view.target, view.score]) {
    list.addEventListener("change", () => { if (view.frame) showArc(view, view.frame); });
  }
  new ResizeObserver(() => { if (view.frame) showArc(view, view.frame); }).observe(box);
  return {
    showData() {
      clearTimeout(view.timer);
      view.arcs.clear();
      Object.assign(view, { frame: null, arc: null, wanted: null, asked: "", filled: false });
    },
    show(frame) { if (!frame.data.shelf?.together) showArc(view, frame); }, // of several sets the panel says why not
    settle() { if (view.arc) describeArc(view); },
    receive: (payload) => keepArc(view, payload),
    state: () => ({ ready: view.arc !== null, wanted: view.wanted }),
  };
}

/**
 * An answer for another model, or from before a class was added, is of no use.
 * @type {(view: ArcView, payload: WalkUpdate) => void}
 */
function keepArc(view, payload) {
  if (!view.frame || payload.id !== view.frame.data.id) return;
  const arc = decodeArc(payload);
  if (arc.classes.nearest.length !== view.frame.data.classes.names.length) {
    view.asked = "";
    return;
  }
  const [oldest] = view.arcs.keys();
  if (view.arcs.size >= ARCS_KEPT) view.arcs.delete(oldest);
  view.arcs.set(arcKey(payload.anchor, payload.target), arc);
  showArc(view, view.frame);
  describeArc(view);
}

/** @type {(value: string, text: string) => HTMLOptionElement} */
function option(value, text) {
  const node = make("option", "", text);
  node.value = value;
  return node;
}

/**
 * The first choice of each list follows the page: nearest anchor, selected picture, the anchor's class.
 * @type {(view: ArcView, data: Data) => void}
 */
function fillArcChoices(view, data) {
  view.filled = true;
  const kept = [view.anchor, view.target, view.score].map((select) => select.value);
  const anchors = data.classes.names.map((name, k) => {
    const group = make("optgroup");
    group.label = name;
    data.anchors.label.forEach((label, a) => {
      const picture = data.anchors.image[a];
      if (label !== k) return;
      group.append(option(String(a), picture >= 0 ? data.images.names[picture] : `${name}, anchor ${a + 1}`));
    });
    return group;
  });
  view.anchor.replaceChildren(option("", "Nearest taught picture"), ...anchors.filter((group) => group.childElementCount));
  const texts = make("optgroup");
  texts.label = "Class texts";
  texts.append(...data.classes.names.map((name, k) => option(String(k), name)));
  view.target.replaceChildren(option("", "Selected picture"), texts);
  const classes = data.classes.names.map((name, k) => option(String(k), name));
  view.score.replaceChildren(option("", "The taught picture's class"), ...classes);
  [view.anchor, view.target, view.score].forEach((select, at) => {
    const there = [...select.options].some((one) => one.value === kept[at]);
    select.value = there ? kept[at] : "";
  });
}

/**
 * {anchor, kind, index} of the arc that the three lists and the selection ask for, or null.
 * @type {(view: ArcView, frame: FrameValues) => Wanted | null}
 */
function wantedArc(view, { data, selected }) {
  const anchor = view.anchor.value === "" ? defaultAnchor(data, selected) : Number(view.anchor.value);
  if (anchor < 0) return null;
  if (view.target.value !== "") return { anchor, kind: "class", index: Number(view.target.value) };
  const isThere = selected >= 0 && data.kinds[selected] !== "elsewhere"; // those are not asked about the set's classes
  return isThere ? { anchor, kind: "image", index: selected } : null;
}

/** @type {(view: ArcView, frame: FrameValues) => void} */
function showArc(view, frame) {
  view.frame = frame;
  const { data } = frame;
  if (!view.filled) fillArcChoices(view, data);
  const wanted = wantedArc(view, frame);
  const same = wanted?.kind === "image" && data.anchors.image[wanted.anchor] === wanted.index;
  const arc = (!same && wanted && view.arcs.get(arcKey(wanted.anchor, wanted))) || null;
  Object.assign(view, { wanted, arc });
  view.svg.classList.toggle("stale", !arc);
  if (!wanted) return setText(view.status, "Select a picture of the set on the map, or choose a class text as the target.");
  if (same) return setText(view.status, "This is the taught picture itself. Choose another one, or another target.");
  if (!arc) return askForArc(view, wanted);
  const k = view.score.value === "" ? data.anchors.label[wanted.anchor] : Number(view.score.value);
  setText(view.status, arcSentence(data, wanted, k));
  drawArc(view, frame, arc, k, arcEnds(data, wanted));
}

/** The newest wish only, and each wish once. @type {(view: ArcView, request: Wanted) => void} */
function askForArc(view, request) {
  setText(view.status, "Computing the walk\u2026");
  const key = arcKey(request.anchor, request);
  if (key === view.asked) return;
  view.asked = key;
  clearTimeout(view.timer);
  view.timer = setTimeout(() => {
    const still = view.wanted && view.wanted.anchor === request.anchor && arcKey(request.anchor, view.wanted) === key;
    if (still) view.ask("walk", request);
    else view.asked = "";
  }, ARC_DEBOUNCE);
}

/** @param {Data} data @param {Wanted} wanted */
function arcEnds(data, { anchor, kind, index }) {
  const picture = data.anchors.image[anchor];
  const from = data.classes.names[data.anchors.label[anchor]];
  const to = kind === "class" ? `text: ${data.classes.names[index]}` : data.images.names[index];
  return { from, fromName: picture >= 0 ? data.images.names[picture] : from, to };
}

/** @type {(data: Data, wanted: Wanted, k: number) => string} */
function arcSentence(data, wanted, k) {
  const { from, fromName, to } = arcEnds(data, wanted);
  const name = fromName === from ? from : `${fromName} (${from})`;
  return `From ${name} to ${to}: score of ${data.classes.names[k]}.`;
}

/** @type {(svg: SVGElement) => ArcChart} */
function makeArcChart(svg) {
  const grid = svg.appendChild(makeSvg("g", "walk-grid"));
  /** @type {(name: string) => DrawnLine} */
  const line = (name) => ({
    path: svg.appendChild(makeSvg("path", `walk-line walk-${name}`)),
    label: svg.appendChild(makeSvg("text", `walk-label walk-${name}`)),
  });
  return {
    grid, original: line("original"), updated: line("updated"), localized: line("localized"), alpha: line("alpha"),
  };
}

/**
 * Where everything goes, from the width of the panel; labels stand right of the lines, in a narrow panel too.
 * @param {number} width @param {Curves} curves
 */
function arcScales(width, curves) {
  const { left, top, score, gap, alpha } = ARC_BOX;
  const right = width < 520 ? 92 : 108;
  const values = ARC_LINES.flatMap((name) => curves[name]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max(0.06 * (high - low), 0.005);
  /** @type {(t: number) => number} */
  const x = (t) => left + t * (width - left - right);
  /** @type {(value: number) => number} */
  const y = (value) => top + score * (1 - (value - low + pad) / (high - low + 2 * pad));
  /** @type {(value: number) => number} */
  const yAlpha = (value) => top + score + gap + alpha * (1 - value);
  return { x, y, low, high, edge: width - right, yAlpha };
}

/** @type {(view: ArcView, frame: FrameValues, arc: Arc, k: number, ends: Ends) => void} */
function drawArc(view, frame, arc, k, ends) {
  const { svg, chart } = view;
  const width = view.box.clientWidth;
  if (!width) return;
  const height = ARC_BOX.top + ARC_BOX.score + ARC_BOX.gap + ARC_BOX.alpha + ARC_BOX.bottom;
  setAttributes(svg, { viewBox: `0 0 ${width} ${height}`, height });
  const curves = arcCurves(arc, k, frame.beta, frame.gamma, frame.data);
  const scales = arcScales(width, curves);
  view.curves = curves;
  drawArcGrid(view, scales, height, ends);
  /** @type {(t: number, value: number, y: (value: number) => number) => string} */
  const point = (t, value, y) => `${scales.x(t).toFixed(1)},${y(value).toFixed(1)}`;
  /** @type {(values: number[], y: (value: number) => number) => string} */
  const path = (values, y) => `M${values.map((value, at) => point(arc.t[at], value, y)).join("L")}`;
  for (const name of ARC_LINES) chart[name].path.setAttribute("d", path(curves[name], scales.y));
  chart.alpha.path.setAttribute("d", path(curves.alpha, scales.yAlpha));
  const wanted = ARC_LINES.map((name) => scales.y(lastOf(curves[name])));
  const heights = spreadLabels(wanted, 14, ARC_BOX.top + 4, ARC_BOX.top + ARC_BOX.score);
  /** @type {(label: SVGElement, text: string, y: number) => void} */
  const write = (label, text, y) => setText(setAttributes(label, { x: scales.edge + 8, y: (y + 4).toFixed(1) }), text);
  ARC_LINES.forEach((name, at) => write(chart[name].label, ARC_NAMES[name], heights[at]));
  write(chart.alpha.label, "\u03b1", scales.yAlpha(lastOf(curves.alpha)));
}

/** .25 rather than 0.25. @type {(number: string) => string} */
function withoutZero(number) {
  return number.replace(/^(-?)0\./, "$1.");
}

/** @type {(view: ArcView, scales: Scales, height: number, ends: Ends) => void} */
function drawArcGrid(view, scales, height, ends) {
  const key = [height, scales.edge, scales.low, scales.high, ends.from, ends.to].join("|");
  if (key === view.gridKey) return;
  view.gridKey = key;
  /** @type {(y: number) => SVGElement} */
  const rule = (y) => setAttributes(makeSvg("line"), { x1: scales.x(0), x2: scales.edge, y1: y, y2: y });
  /** @type {(value: number, y: number, digits: number) => SVGElement[]} */
  const level = (value, y, digits) => (
    [rule(y), makeSvgText(ARC_BOX.left - 6, y + 4, withoutZero(value.toFixed(digits)), "end")]);
  const middle = (scales.low + scales.high) / 2;
  const nodes = [scales.low, middle, scales.high].flatMap((value) => level(value, scales.y(value), 3));
  nodes.push(...[0, 1].flatMap((value) => level(value, scales.yAlpha(value), 0)));
  nodes.push(makeSvgText(scales.x(0), scales.yAlpha(1) - 9, "share of the update \u03b1", "start"));
  const room = Math.floor((scales.edge - scales.x(0)) / 15);
  /** @type {(name: string) => string} */
  const brief = (name) => (name.length > room ? `${name.slice(0, room - 1)}\u2026` : name);
  nodes.push(makeSvgText(scales.x(0), height - 22, brief(`anchor: ${ends.from}`), "start", "walk-end"));
  nodes.push(makeSvgText(scales.edge, height - 22, brief(ends.to), "end", "walk-end"));
  nodes.push(makeSvgText((scales.x(0) + scales.edge) / 2, height - 5, "angle along the arc", "middle"));
  view.chart.grid.replaceChildren(...nodes);
}

/** @type {(values: number[]) => number} */
function lastOf(values) {
  return values[values.length - 1];
}

/** The chart in words, once the hand rests. @type {(view: ArcView) => void} */
function describeArc(view) {
  const { curves } = view;
  if (!curves || !view.arc) return;
  /** @type {(values: number[]) => string} */
  const range = (values) => `${values[0].toFixed(3)} to ${lastOf(values).toFixed(3)}`;
  /** @type {(name: ArcLine) => string} */
  const ends = (name) => `${ARC_NAMES[name]} ${range(curves[name])}`;
  const alpha = `alpha ${formatWeight(curves.alpha[0])} to ${formatWeight(lastOf(curves.alpha))}`;
  view.svg.setAttribute("aria-label", `${view.status.textContent} ${ARC_LINES.map(ends).join(", ")}; ${alpha}.`);
}
