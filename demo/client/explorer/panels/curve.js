// alpha as a curve over the histogram of nearest-anchor similarities: where the pictures, or the class texts, are and
// how much update they get there. Both sides share beta and gamma, so the curve is the same one.

import { find, findA, makeSvg, makeSvgText, setAttributes, wireSegments } from "../../dom.js";
import { interpolationWeight } from "../model/formula.js";

/** @import { Data, Panels, Side } from '../../types.d.ts' */

/**
 * @typedef {{ beta: number, gamma: number, similarity: Record<Side, number> | null }} Marks
 * @typedef {{ low: number, width: number, height: number, x(value: number): number, y(value: number): number }} Scales
 * @typedef {{ seen: Uint32Array, unseen: Uint32Array }} Bins
 * @typedef {{ box: HTMLElement, svg: SVGElement, grid: SVGElement, histogram: SVGElement, area: SVGElement,
 *   line: SVGElement, stem: SVGElement, dot: SVGElement,
 *   data: Data | null, settings: Marks | null, side: Side, scales: Scales | null }} Chart
 */

const BINS = 44;
const CURVE_STEPS = 160;
const CURVE_BOX = { left: 26, right: 8, top: 8, bottom: 33 };

/** @type {(root: HTMLElement) => Panels["curve"]} */
export function createCurve(root) {
  const box = find(root, ".curve-box");
  const svg = findA(SVGSVGElement, box, ".curve");
  /** @type {(name: string) => SVGGElement} */
  const layer = (name) => svg.appendChild(makeSvg("g", name));
  const [grid, histogram, marks] = ["grid", "histogram", "curve-marks"].map(layer);
  /** @type {Chart} */
  const chart = {
    box, svg, grid, histogram, data: null, settings: null, side: "images", scales: null,
    area: marks.appendChild(makeSvg("path", "alpha-area")), line: marks.appendChild(makeSvg("path", "alpha-line")),
    stem: marks.appendChild(makeSvg("line", "alpha-stem")),
    dot: marks.appendChild(setAttributes(makeSvg("circle", "alpha-dot"), { r: 4.5 })),
  };
  wireSegments(find(root, ".curve-sides"), ["images", "classes"], (side) => { chart.side = side; drawChart(chart); });
  new ResizeObserver(() => drawChart(chart)).observe(box);
  return {
    show(data) { chart.data = data; drawChart(chart); },
    /** `similarity`: of the selected picture and of the class text LLU answers with, {images, classes} or null. */
    move(beta, gamma, similarity) { chart.settings = { beta, gamma, similarity }; drawCurve(chart); },
  };
}

/**
 * The left end of the axis: the least similar point, rounded down, and .95 at most so that the axis has a width.
 * @type {(nearest: Float32Array) => number}
 */
function lowestSimilarity(nearest) {
  const least = nearest.reduce((low, value) => Math.min(low, value), 1);
  return Math.max(-1, Math.min(Math.floor(least * 20) / 20, 0.95));
}

/** @type {(chart: Chart) => void} */
function drawChart(chart) {
  const { data, side, box, svg } = chart;
  const [width, height] = [box.clientWidth, box.clientHeight];
  if (!data || !width) return;
  const low = lowestSimilarity(data[side].nearest);
  const { left, right, top, bottom } = CURVE_BOX;
  /** @type {Scales} */
  const scales = {
    low, width, height,
    x: (value) => left + ((value - low) / (1 - low)) * (width - left - right),
    y: (value) => height - bottom - value * (height - bottom - top),
  };
  chart.scales = scales;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawGrid(chart, scales);
  drawHistogram(chart, scales, countBins(data, side, low));
  drawCurve(chart);
}

/** @type {(chart: Chart, scales: Scales) => void} */
function drawGrid({ grid, side }, { low, width, height, x, y }) {
  const { left, right } = CURVE_BOX;
  const nodes = [0, 0.5, 1].flatMap((value) => {
    const level = y(value);
    const rule = setAttributes(makeSvg("line"), { x1: left, x2: width - right, y1: level, y2: level });
    return [rule, makeSvgText(left - 6, level + 3.5, String(value).replace(/^0\./, "."), "end")];
  });
  ["start", "middle", "end"].forEach((anchor, at) => {
    const value = low + (at / 2) * (1 - low);
    nodes.push(makeSvgText(x(value), height - 19, value.toFixed(2), anchor));
  });
  const point = side === "images" ? "a picture" : "a class text";
  const title = `cosine of ${point} to its nearest anchor`;
  nodes.push(makeSvgText((left + width - right) / 2, height - 4, title, "middle"));
  grid.replaceChildren(...nodes);
}

/**
 * Points per bin, {seen, unseen}; training pictures are the anchors and would only show as 1, so they stay out.
 * @type {(data: Data, side: Side, low: number) => Bins}
 */
function countBins(data, side, low) {
  const counts = { seen: new Uint32Array(BINS), unseen: new Uint32Array(BINS) };
  const { nearest } = data[side];
  const onlyTraining = !data.images.group.some((kind) => kind > 0);
  /** @type {(i: number) => boolean} */
  const left = (i) => side === "images" && data.images.group[i] === 0 && !onlyTraining;
  /** @type {(i: number) => boolean} */
  const unseen = (i) => (side === "images" ? data.kinds[i] === "unseen" : !data.classes.seen[i]);
  for (let i = 0; i < nearest.length; i++) {
    if (left(i)) continue;
    const bin = Math.floor(((nearest[i] - low) / (1 - low)) * BINS);
    counts[unseen(i) ? "unseen" : "seen"][Math.min(Math.max(bin, 0), BINS - 1)]++;
  }
  return counts;
}

/** Stacked bars: seen classes below, unseen ones above. @type {(chart: Chart, scales: Scales, bins: Bins) => void} */
function drawHistogram({ histogram }, { low, x, y }, { seen, unseen }) {
  const top = Math.max(...seen.map((count, bin) => count + unseen[bin]), 1);
  const step = (x(1) - x(low)) / BINS;
  /** @type {(count: number) => number} */
  const heightOf = (count) => y(0) - y((0.94 * count) / top);
  /** @type {(name: string, bin: number, count: number, below: number) => SVGElement} */
  const bar = (name, bin, count, below) => setAttributes(makeSvg("rect", name), {
    x: x(low) + bin * step + 0.5, y: y(0) - heightOf(count + below),
    width: Math.max(step - 1, 1), height: heightOf(count),
  });
  const bars = [];
  for (let bin = 0; bin < BINS; bin++) {
    if (seen[bin]) bars.push(bar("seen", bin, seen[bin], 0));
    if (unseen[bin]) bars.push(bar("unseen", bin, unseen[bin], seen[bin]));
  }
  histogram.replaceChildren(...bars);
}

/** @type {(chart: Chart) => void} */
function drawCurve({ settings, scales, side, line, area, stem, dot }) {
  if (!settings || !scales) return;
  const { beta, gamma, similarity } = settings;
  const { low, x, y } = scales;
  /** @type {(value: number) => string[]} */
  const at = (value) => [x(value).toFixed(1), y(interpolationWeight(value, beta, gamma)).toFixed(1)];
  const width = (1 - low) / CURVE_STEPS;
  const points = Array.from({ length: CURVE_STEPS + 1 }, (_, step) => at(low + step * width).join());
  line.setAttribute("d", `M${points.join("L")}`);
  area.setAttribute("d", `M${points.join("L")}L${x(1)},${y(0)}L${x(low)},${y(0)}Z`);
  for (const node of [stem, dot]) node.style.display = similarity ? "" : "none";
  if (!similarity) return;
  const [across, up] = at(Math.min(Math.max(similarity[side], low), 1));
  setAttributes(dot, { cx: across, cy: up });
  setAttributes(stem, { x1: across, x2: across, y1: up, y2: y(0) });
}
