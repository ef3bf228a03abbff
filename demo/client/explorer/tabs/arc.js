// The tab "Walk": an arc between two embeddings; three choices, two charts with one axis.

import { make, makeSvg, setAttributes, setText } from "../../dom.js";
import { arcCurves, arcKey, decodeArc, defaultAnchor, spreadLabels } from "../model/arc.js";
import { formatWeight } from "../model/numbers.js";

const ARC_DEBOUNCE = 160;
const ARCS_KEPT = 30;
const ARC_LINES = ["original", "updated", "localized"];
const ARC_NAMES = { original: "original", updated: "fully updated", localized: "localized" };
const ARC_BOX = { left: 42, top: 12, score: 210, gap: 30, alpha: 84, bottom: 40 };

export function createArc(panel, { ask }) {
  const part = (name) => panel.querySelector(`.${name}`);
  const view = {
    ask, frame: null, arcs: new Map(), arc: null, wanted: null, timer: 0, asked: "", filled: false,
    anchor: part("walk-anchor"), target: part("walk-target"), score: part("walk-class"),
    status: part("walk-status"), chart: makeArcChart(part("walk-chart")), svg: part("walk-chart"),
  };
  for (const select of [view.anchor, view.target, view.score]) {
    select.addEventListener("change", () => { if (view.frame) showArc(view, view.frame); });
  }
  new ResizeObserver(() => { if (view.frame) showArc(view, view.frame); }).observe(view.svg.parentElement);
  return {
    showData() {
      clearTimeout(view.timer);
      view.arcs.clear();
      Object.assign(view, { frame: null, arc: null, wanted: null, asked: "", filled: false });
    },
    show: (frame) => showArc(view, frame),
    settle() { if (view.arc) describeArc(view); },
    receive: (payload) => keepArc(view, payload),
    state: () => ({ ready: view.arc !== null, wanted: view.wanted }),
  };
}

/** An answer for another model, or from before a class was added, is of no use. */
function keepArc(view, payload) {
  if (!view.frame || payload.id !== view.frame.data.id) return;
  const arc = decodeArc(payload);
  if (arc.classes.nearest.length !== view.frame.data.classes.names.length) return void (view.asked = "");
  if (view.arcs.size >= ARCS_KEPT) view.arcs.delete(view.arcs.keys().next().value);
  view.arcs.set(arcKey(payload.anchor, payload.target), arc);
  showArc(view, view.frame);
  describeArc(view);
}

/** The first choice of each list follows the page: nearest anchor, selected picture, the anchor's class. */
function fillArcChoices(view, data) {
  view.filled = true;
  const option = (value, text) => {
    const node = make("option", "", text);
    node.value = value;
    return node;
  };
  const kept = [view.anchor, view.target, view.score].map((select) => select.value);
  const anchors = data.classes.names.map((name, k) => {
    const group = make("optgroup");
    group.label = name;
    data.anchors.label.forEach((label, a) => {
      const picture = data.anchors.image[a];
      if (label === k) group.append(option(a, picture >= 0 ? data.images.names[picture] : `${name}, anchor ${a + 1}`));
    });
    return group;
  });
  view.anchor.replaceChildren(option("", "Nearest anchor"), ...anchors.filter((group) => group.childElementCount));
  const texts = make("optgroup");
  texts.label = "Class texts";
  texts.append(...data.classes.names.map((name, k) => option(k, name)));
  view.target.replaceChildren(option("", "Selected picture"), texts);
  view.score.replaceChildren(option("", "The anchor's class"), ...data.classes.names.map((name, k) => option(k, name)));
  [view.anchor, view.target, view.score].forEach((select, at) => {
    const there = [...select.options].some((one) => one.value === kept[at]);
    select.value = there ? kept[at] : "";
  });
}

/** {anchor, kind, index} of the arc that the three lists and the selection ask for, or null. */
function wantedArc(view, { data, selected }) {
  const anchor = view.anchor.value === "" ? defaultAnchor(data, selected) : Number(view.anchor.value);
  if (anchor < 0) return null;
  if (view.target.value !== "") return { anchor, kind: "class", index: Number(view.target.value) };
  return selected >= 0 ? { anchor, kind: "image", index: selected } : null;
}

function showArc(view, frame) {
  view.frame = frame;
  const { data } = frame;
  if (!view.filled) fillArcChoices(view, data);
  view.wanted = wantedArc(view, frame);
  const { anchor, kind, index } = view.wanted ?? {};
  const same = kind === "image" && data.anchors.image[anchor] === index;
  view.arc = (!same && view.wanted && view.arcs.get(arcKey(anchor, view.wanted))) || null;
  view.svg.classList.toggle("stale", !view.arc);
  if (!view.wanted) return setText(view.status, "Select a picture on the map, or choose a class text as the target.");
  if (same) return setText(view.status, "This picture is the anchor itself. Choose another anchor or another target.");
  if (!view.arc) return askForArc(view);
  setText(view.status, arcSentence(view, data));
  drawArc(view);
}

/** The newest wish only, and each wish once. */
function askForArc(view) {
  setText(view.status, "Computing the walk\u2026");
  const request = view.wanted;
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

function arcEnds(view, data) {
  const { anchor, kind, index } = view.wanted;
  const picture = data.anchors.image[anchor];
  const from = data.classes.names[data.anchors.label[anchor]];
  const to = kind === "class" ? `text: ${data.classes.names[index]}` : data.images.names[index];
  return { from, fromName: picture >= 0 ? data.images.names[picture] : from, to };
}

function arcClass(view, data) {
  return view.score.value === "" ? data.anchors.label[view.wanted.anchor] : Number(view.score.value);
}

function arcSentence(view, data) {
  const { from, fromName, to } = arcEnds(view, data);
  const name = fromName === from ? from : `${fromName} (${from})`;
  return `From ${name} to ${to}: score of ${data.classes.names[arcClass(view, data)]}.`;
}

function makeArcChart(svg) {
  const chart = { grid: svg.appendChild(makeSvg("g", "walk-grid")), lines: {}, labels: {} };
  for (const name of [...ARC_LINES, "alpha"]) {
    chart.lines[name] = svg.appendChild(makeSvg("path", `walk-line walk-${name}`));
    chart.labels[name] = svg.appendChild(makeSvg("text", `walk-label walk-${name}`));
  }
  return chart;
}

/** Where everything goes, from the width of the panel; labels stand right of the lines, in a narrow panel too. */
function arcScales(width, curves) {
  const { left, top, score, gap, alpha } = ARC_BOX;
  const right = width < 520 ? 92 : 108;
  const values = ARC_LINES.flatMap((name) => curves[name]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max(0.06 * (high - low), 0.005);
  const x = (t) => left + t * (width - left - right);
  const y = (value) => top + score * (1 - (value - low + pad) / (high - low + 2 * pad));
  return { x, y, low, high, edge: width - right, yAlpha: (value) => top + score + gap + alpha * (1 - value) };
}

function drawArc(view) {
  const { svg, chart, arc, frame } = view;
  const width = svg.parentElement.clientWidth;
  if (!width) return;
  const height = ARC_BOX.top + ARC_BOX.score + ARC_BOX.gap + ARC_BOX.alpha + ARC_BOX.bottom;
  setAttributes(svg, { viewBox: `0 0 ${width} ${height}`, height });
  const curves = arcCurves(arc, arcClass(view, frame.data), frame.beta, frame.gamma);
  const scales = arcScales(width, curves);
  view.curves = curves;
  drawArcGrid(view, scales, height);
  const point = (t, value, y) => `${scales.x(t).toFixed(1)},${y(value).toFixed(1)}`;
  const path = (values, y) => `M${values.map((value, at) => point(arc.t[at], value, y)).join("L")}`;
  for (const name of ARC_LINES) chart.lines[name].setAttribute("d", path(curves[name], scales.y));
  chart.lines.alpha.setAttribute("d", path(curves.alpha, scales.yAlpha));
  const ends = ARC_LINES.map((name) => scales.y(curves[name].at(-1)));
  const heights = spreadLabels(ends, 14, ARC_BOX.top + 4, ARC_BOX.top + ARC_BOX.score);
  const label = (name, text, y) => {
    setAttributes(chart.labels[name], { x: scales.edge + 8, y: (y + 4).toFixed(1) });
    setText(chart.labels[name], text);
  };
  ARC_LINES.forEach((name, at) => label(name, ARC_NAMES[name], heights[at]));
  label("alpha", "\u03b1", scales.yAlpha(curves.alpha.at(-1)));
}

function drawArcGrid(view, scales, height) {
  const ends = arcEnds(view, view.frame.data);
  const key = [height, scales.edge, scales.low, scales.high, ends.from, ends.to].join("|");
  if (key === view.gridKey) return;
  view.gridKey = key;
  const text = (x, y, label, anchor, className) => {
    const node = setAttributes(makeSvg("text", className), { x, y, "text-anchor": anchor });
    node.textContent = label;
    return node;
  };
  const rule = (y) => setAttributes(makeSvg("line"), { x1: scales.x(0), x2: scales.edge, y1: y, y2: y });
  const number = (value, digits) => value.toFixed(digits).replace(/^(-?)0\./, "$1.");
  const level = (value, y, digits) => [rule(y), text(ARC_BOX.left - 6, y + 4, number(value, digits), "end")];
  const middle = (scales.low + scales.high) / 2;
  const nodes = [scales.low, middle, scales.high].flatMap((value) => level(value, scales.y(value), 3));
  nodes.push(...[0, 1].flatMap((value) => level(value, scales.yAlpha(value), 0)));
  nodes.push(text(scales.x(0), scales.yAlpha(1) - 9, "share of the update \u03b1", "start"));
  const room = Math.floor((scales.edge - scales.x(0)) / 15);
  const brief = (name) => (name.length > room ? `${name.slice(0, room - 1)}\u2026` : name);
  nodes.push(text(scales.x(0), height - 22, brief(`anchor: ${ends.from}`), "start", "walk-end"));
  nodes.push(text(scales.edge, height - 22, brief(ends.to), "end", "walk-end"));
  nodes.push(text((scales.x(0) + scales.edge) / 2, height - 5, "angle along the arc", "middle"));
  view.chart.grid.replaceChildren(...nodes);
}

/** The chart in words, once the hand rests. */
function describeArc(view) {
  if (!view.curves || !view.arc) return;
  const range = (values) => `${values[0].toFixed(3)} to ${values.at(-1).toFixed(3)}`;
  const ends = (name) => `${ARC_NAMES[name]} ${range(view.curves[name])}`;
  const alpha = `alpha ${formatWeight(view.curves.alpha[0])} to ${formatWeight(view.curves.alpha.at(-1))}`;
  view.svg.setAttribute("aria-label", `${view.status.textContent} ${ARC_LINES.map(ends).join(", ")}; ${alpha}.`);
}
