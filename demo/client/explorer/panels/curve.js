// alpha as a curve over the histogram of nearest-anchor similarities: where the pictures, or the class texts, are and
// how much update they get there. Both sides share beta and gamma, so the curve is the same one.

import { makeSvg, setAttributes, wireSegments } from "../../dom.js";
import { interpolationWeight } from "../model/formula.js";

const BINS = 44;
const CURVE_STEPS = 160;
const CURVE_BOX = { left: 26, right: 8, top: 8, bottom: 33 };

export function createCurve(root) {
  const svg = root.querySelector(".curve");
  const chart = { svg, data: null, settings: null, side: "images" };
  wireSegments(root.querySelector(".curve-sides"), (side) => { chart.side = side; drawChart(chart); });
  for (const name of ["grid", "histogram", "curve-marks"]) chart[name] = svg.appendChild(makeSvg("g", name));
  chart.area = chart["curve-marks"].appendChild(makeSvg("path", "alpha-area"));
  chart.line = chart["curve-marks"].appendChild(makeSvg("path", "alpha-line"));
  chart.stem = chart["curve-marks"].appendChild(makeSvg("line", "alpha-stem"));
  chart.dot = chart["curve-marks"].appendChild(makeSvg("circle", "alpha-dot"));
  chart.dot.setAttribute("r", 4.5);
  new ResizeObserver(() => drawChart(chart)).observe(svg.parentElement);
  return {
    show(data) { chart.data = data; drawChart(chart); },
    /** `similarity`: of the selected picture and of the class text LLU answers with, {images, classes} or null. */
    move(beta, gamma, similarity) { chart.settings = { beta, gamma, similarity }; drawCurve(chart); },
  };
}

/** The left end of the axis: the least similar point, rounded down, and .95 at most so that the axis has a width. */
function lowestSimilarity(nearest) {
  const least = nearest.reduce((low, value) => Math.min(low, value), 1);
  return Math.max(-1, Math.min(Math.floor(least * 20) / 20, 0.95));
}

function drawChart(chart) {
  if (!chart.data) return;
  chart.low = lowestSimilarity(chart.data[chart.side].nearest);
  chart.width = chart.svg.parentElement.clientWidth;
  chart.height = chart.svg.parentElement.clientHeight;
  if (!chart.width) return;
  chart.svg.setAttribute("viewBox", `0 0 ${chart.width} ${chart.height}`);
  const { left, right, top, bottom } = CURVE_BOX;
  chart.x = (value) => left + ((value - chart.low) / (1 - chart.low)) * (chart.width - left - right);
  chart.y = (value) => chart.height - bottom - value * (chart.height - bottom - top);
  drawGrid(chart);
  drawHistogram(chart);
  drawCurve(chart);
}

function drawGrid(chart) {
  const { left, right } = CURVE_BOX;
  const text = (x, y, label, anchor) => {
    const node = setAttributes(makeSvg("text"), { x, y, "text-anchor": anchor });
    node.textContent = label;
    return node;
  };
  const nodes = [0, 0.5, 1].flatMap((value) => {
    const y = chart.y(value);
    const rule = setAttributes(makeSvg("line"), { x1: left, x2: chart.width - right, y1: y, y2: y });
    return [rule, text(left - 6, y + 3.5, String(value).replace(/^0\./, "."), "end")];
  });
  for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const value = chart.low + share * (1 - chart.low);
    nodes.push(text(chart.x(value), chart.height - 19, value.toFixed(2), anchor));
  }
  const middle = (left + chart.width - right) / 2;
  const point = chart.side === "images" ? "a picture" : "a class text";
  nodes.push(text(middle, chart.height - 4, `cosine of ${point} to its nearest anchor`, "middle"));
  chart.grid.replaceChildren(...nodes);
}

/** Points per bin, {seen, unseen}; training pictures are the anchors and would only show as 1, so they stay out. */
function countBins(data, side, low) {
  const counts = { seen: new Uint32Array(BINS), unseen: new Uint32Array(BINS) };
  const { nearest } = data[side];
  const onlyTraining = !data.images.group.some((kind) => kind > 0);
  const left = (i) => side === "images" && data.images.group[i] === 0 && !onlyTraining;
  const unseen = (i) => (side === "images" ? data.kinds[i] === "unseen" : !data.classes.seen[i]);
  for (let i = 0; i < nearest.length; i++) {
    if (left(i)) continue;
    const bin = Math.floor(((nearest[i] - low) / (1 - low)) * BINS);
    counts[unseen(i) ? "unseen" : "seen"][Math.min(Math.max(bin, 0), BINS - 1)]++;
  }
  return counts;
}

/** Stacked bars: seen classes below, unseen ones above. */
function drawHistogram(chart) {
  const { seen, unseen } = countBins(chart.data, chart.side, chart.low);
  const top = Math.max(...seen.map((count, bin) => count + unseen[bin]), 1);
  const step = (chart.x(1) - chart.x(chart.low)) / BINS;
  const heightOf = (count) => chart.y(0) - chart.y((0.94 * count) / top);
  const bar = (name, bin, count, below) => setAttributes(makeSvg("rect", name), {
    x: chart.x(chart.low) + bin * step + 0.5, y: chart.y(0) - heightOf(count + below),
    width: Math.max(step - 1, 1), height: heightOf(count),
  });
  const bars = [];
  for (let bin = 0; bin < BINS; bin++) {
    if (seen[bin]) bars.push(bar("seen", bin, seen[bin], 0));
    if (unseen[bin]) bars.push(bar("unseen", bin, unseen[bin], seen[bin]));
  }
  chart.histogram.replaceChildren(...bars);
}

function drawCurve(chart) {
  if (!chart.settings || !chart.x) return;
  const { beta, gamma, similarity } = chart.settings;
  const at = (value) => `${chart.x(value).toFixed(1)},${chart.y(interpolationWeight(value, beta, gamma)).toFixed(1)}`;
  const width = (1 - chart.low) / CURVE_STEPS;
  const points = Array.from({ length: CURVE_STEPS + 1 }, (_, step) => at(chart.low + step * width));
  chart.line.setAttribute("d", `M${points.join("L")}`);
  chart.area.setAttribute("d", `M${points.join("L")}L${chart.x(1)},${chart.y(0)}L${chart.x(chart.low)},${chart.y(0)}Z`);
  const hidden = similarity === null;
  const own = hidden ? 1 : similarity[chart.side];
  for (const node of [chart.stem, chart.dot]) node.style.display = hidden ? "none" : "";
  if (hidden) return;
  const [x, y] = at(Math.min(Math.max(own, chart.low), 1)).split(",");
  setAttributes(chart.dot, { cx: x, cy: y });
  setAttributes(chart.stem, { x1: x, x2: x, y1: y, y2: chart.y(0) });
}
