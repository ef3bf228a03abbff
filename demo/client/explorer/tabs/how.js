// The tab "How it works": the model in one dimension beside the words, at the setting of the page's own sliders.

import { find, findA, makeSvg, makeSvgText, setAttributes, setText } from "../../dom.js";
import { formatGamma, formatWeight } from "../model/numbers.js";
import { GAMMA_STOPS, gammaAt, gammaPosition } from "../model/scales.js";
import { alphaAt, errorsOf, fitShift, frozen, localized, ROOM, SHOTS, wanted } from "../model/sine.js";

/** @import { Errors, FrameValues, Point, Setting, TabContext, TabPanel } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {ReturnType<typeof makeChart>} Chart
 * @typedef {{ panel: HTMLElement, box: HTMLElement, chart: Chart, shots: Point[], shift: number, setting: Setting,
 *   width: number }} HowView
 */

const SPAN = { left: -3, right: 3, low: -1.5, high: 1.5 };
const BOX = { height: 200, gap: 14, alpha: 48, axis: 20, side: 30 };
const POINTS = 241;
/** What an arrow key does to a shot: along x, and up or down. @type {Record<string, [number, number]>} */
const NUDGES = { ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] };
/** Errors that differ by less than this are told as the same. */
const ALIKE = 0.02;

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel} */
export function createHow(panel, { state }) {
  const svg = findA(SVGSVGElement, panel, ".sine-chart");
  /** @type {HowView} */
  const view = {
    panel, box: find(panel, ".sine-box"), chart: makeChart(svg), shots: SHOTS, shift: fitShift(SHOTS),
    setting: { beta: 1, gamma: 5 }, width: 0,
  };
  view.chart.dots.forEach((dot, at) => wireShot(view, dot, at));
  find(panel, ".sine-reset").addEventListener("click", () => setShots(view, SHOTS));
  const sliders = wireSliders(panel, state);
  new ResizeObserver(([{ contentRect }]) => {
    view.width = Math.floor(contentRect.width);
    draw(view);
  }).observe(view.box);
  return {
    show(frame) {
      view.setting = { beta: frame.beta, gamma: frame.gamma };
      sliders(view.setting);
      draw(view);
    },
    state: () => ({ points: view.shots, shift: view.shift, ...errorsAt(view, view.setting) }),
  };
}

/**
 * The page's own beta and gamma once more, where the eye is; the function that comes back sets them.
 * @type {(panel: HTMLElement, state: State) => (setting: Setting) => void}
 */
function wireSliders(panel, state) {
  const [beta, gamma] = [".sine-beta", ".sine-gamma"].map((selector) => findA(HTMLInputElement, panel, selector));
  beta.addEventListener("input", () => state.moveTo(Number(beta.value), null));
  gamma.addEventListener("input", () => state.moveTo(null, gammaAt(Number(gamma.value))));
  for (const slider of [beta, gamma]) slider.addEventListener("change", () => state.release());
  return (setting) => {
    const position = gammaPosition(setting.gamma);
    if (Number(beta.value) !== setting.beta) beta.value = String(setting.beta);
    if (gammaAt(Number(gamma.value)) !== setting.gamma) gamma.value = String(position);
    beta.style.setProperty("--at", String(setting.beta));
    gamma.style.setProperty("--at", String(position / GAMMA_STOPS));
    gamma.setAttribute("aria-valuetext", setting.gamma === Infinity ? "infinity" : formatGamma(setting.gamma));
  };
}

/** @type {(name: string) => SVGPathElement} */
function makeLine(name) {
  return makeSvg("path", `sine-line sine-${name}`);
}

/** @param {SVGSVGElement} svg */
function makeChart(svg) {
  const chart = {
    svg, mask: makeSvg("path", "sine-mask"), axis: makeSvg("g", "sine-axis"), wanted: makeLine("wanted"),
    frozen: makeLine("frozen"), shifted: makeLine("shifted"), localized: makeLine("localized"),
    dots: SHOTS.map(() => setAttributes(makeSvg("circle", "sine-shot"), {
      r: 7, tabindex: 0, role: "slider", "aria-valuemin": ROOM.left, "aria-valuemax": ROOM.right,
    })),
  };
  svg.append(chart.axis, chart.mask, chart.wanted, chart.frozen, chart.shifted, chart.localized, ...chart.dots);
  return chart;
}

/** From numbers to pixels. @type {(view: HowView) => { x(value: number): number, y(value: number): number }} */
function scalesOf({ width }) {
  const inner = width - 2 * BOX.side;
  return {
    x: (value) => BOX.side + ((value - SPAN.left) / (SPAN.right - SPAN.left)) * inner,
    y: (value) => ((SPAN.high - value) / (SPAN.high - SPAN.low)) * BOX.height,
  };
}

/** A shot follows the pointer, or the arrow keys. @type {(view: HowView, dot: SVGElement, at: number) => void} */
function wireShot(view, dot, at) {
  dot.addEventListener("pointerdown", (event) => {
    dot.setPointerCapture(event.pointerId);
    event.preventDefault();
    dot.focus({ preventScroll: true });
  });
  dot.addEventListener("pointermove", (event) => {
    if (!dot.hasPointerCapture(event.pointerId)) return;
    const area = view.chart.svg.getBoundingClientRect();
    const x = (event.clientX - area.left - BOX.side) / (view.width - 2 * BOX.side);
    const y = (event.clientY - area.top) / BOX.height;
    moveShot(view, at, {
      x: SPAN.left + x * (SPAN.right - SPAN.left), y: SPAN.high - y * (SPAN.high - SPAN.low),
    });
  });
  dot.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(NUDGES, event.key)) return;
    event.preventDefault();
    const [right, up] = NUDGES[event.key];
    moveShot(view, at, { x: view.shots[at].x + right, y: view.shots[at].y + up });
  });
}

/** @type {(view: HowView, at: number, to: Point) => void} */
function moveShot(view, at, { x, y }) {
  const shot = { x: between(x, ROOM.left, ROOM.right), y: between(y, ROOM.low, ROOM.high) };
  setShots(view, view.shots.map((one, index) => (index === at ? shot : one)));
}

/** @type {(value: number, low: number, high: number) => number} */
function between(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** @type {(view: HowView, shots: Point[]) => void} */
function setShots(view, shots) {
  Object.assign(view, { shots, shift: fitShift(shots) });
  draw(view);
}

/** @type {(view: HowView, setting: Setting) => Errors} */
function errorsAt({ shots, shift }, { beta, gamma }) {
  return errorsOf(shots, shift, beta, gamma);
}

/** @type {(view: HowView) => void} */
function draw(view) {
  tell(view);
  if (view.width <= 2 * BOX.side) return; // the tab is closed
  const { chart, shots, shift, setting: { beta, gamma }, width } = view;
  const { x, y } = scalesOf(view);
  const floor = BOX.height + BOX.gap + BOX.alpha;
  setAttributes(chart.svg, { width, height: floor + BOX.axis });
  const xs = Array.from({ length: POINTS }, (_, step) => SPAN.left + (step * (SPAN.right - SPAN.left)) / (POINTS - 1));
  const places = [...xs, ...shots.map((shot) => shot.x)].sort((a, b) => a - b); // a mask may be a shot wide
  /** @type {(value: (x: number) => number) => string} */
  const line = (value) => `M${places.map((at) => `${x(at).toFixed(1)} ${y(value(at)).toFixed(1)}`).join("L")}`;
  chart.wanted.setAttribute("d", line(wanted));
  chart.frozen.setAttribute("d", line(frozen));
  chart.shifted.setAttribute("d", line((at) => frozen(at + shift)));
  chart.localized.setAttribute("d", line((at) => localized(at, shots, shift, beta, gamma)));
  const hill = places.map((at) => (
    `${x(at).toFixed(1)} ${(floor - BOX.alpha * alphaAt(at, shots, beta, gamma)).toFixed(1)}`));
  chart.mask.setAttribute("d", `M${x(SPAN.left)} ${floor}L${hill.join("L")}L${x(SPAN.right)} ${floor}Z`);
  drawAxis(chart.axis, x, floor);
  chart.dots.forEach((dot, at) => showShot(dot, at, shots[at], x, y));
}

/** @type {(axis: SVGElement, x: (value: number) => number, floor: number) => void} */
function drawAxis(axis, x, floor) {
  const [left, right] = [x(SPAN.left), x(SPAN.right)];
  axis.replaceChildren(
    ...[BOX.height / 2, floor].map((y) => setAttributes(makeSvg("line"), { x1: left, x2: right, y1: y, y2: y })),
    ...[-3, -2, -1, 0, 1, 2, 3].map((value) => makeSvgText(x(value), floor + 15, formatMinus(value), "middle")),
    makeSvgText(left - 6, floor - BOX.alpha + 4, "\u03b1 1", "end"), makeSvgText(left - 6, floor, "0", "end"),
    makeSvgText(left - 6, BOX.height / 6 + 4, "1", "end"), makeSvgText(left - 6, (5 * BOX.height) / 6 + 4, "\u22121", "end"),
  );
}

/** @type {(value: number) => string} */
function formatMinus(value) {
  return String(value).replace("-", "\u2212");
}

/**
 * @type {(dot: SVGElement, at: number, shot: Point, x: (value: number) => number, y: (value: number) => number) => void}
 */
function showShot(dot, at, shot, x, y) {
  setAttributes(dot, {
    cx: x(shot.x), cy: y(shot.y), "aria-label": `Shot ${at + 1}`, "aria-valuenow": shot.x.toFixed(2),
    "aria-valuetext": `x ${formatMinus(Number(shot.x.toFixed(2)))}, value ${formatMinus(Number(shot.y.toFixed(2)))}`,
  });
}

/** The table and the sentence under the chart. @type {(view: HowView) => void} */
function tell(view) {
  const { beta, gamma } = view.setting;
  const [clip, everywhere, now] = [{ beta: 0, gamma: 0 }, { beta: 1, gamma: 0 }, view.setting].map(
    (setting) => errorsAt(view, setting));
  fillRow(find(view.panel, ".sine-clip"), clip);
  fillRow(find(view.panel, ".sine-everywhere"), everywhere);
  fillRow(find(view.panel, ".sine-now"), now);
  setText(find(view.panel, ".sine-setting"), `\u03b2 ${Number(beta.toFixed(3))}, \u03b3 ${formatGamma(gamma)}`);
  setText(find(view.panel, ".sine-shift"), formatMinus(Number(view.shift.toFixed(3))));
  setText(find(view.panel, ".sine-reading"), readingOf(clip, now));
}

/** @type {(row: HTMLElement, errors: Errors) => void} */
function fillRow(row, { shots, beside, far }) {
  [...row.querySelectorAll("td")].forEach((cell, at) => setText(cell, formatWeight([shots, beside, far][at])));
}

/** What the three errors say together. @type {(clip: Errors, now: Errors) => string} */
export function readingOf(clip, now) {
  /** @type {(name: keyof Errors) => boolean} */
  const better = (name) => now[name] < clip[name] - ALIKE;
  const kept = now.far < ALIKE;
  if (Math.abs(now.shots - clip.shots) < ALIKE && kept) return "Nothing is learned, nothing is lost.";
  if (!better("shots")) return "The shots are no better met than before: one shift cannot meet all of them.";
  const beside = better("beside") && now.beside < clip.beside / 2;
  if (!kept) {
    return `${beside ? "Learned" : "Half learned"}, but far from the shots, where nobody asked, f has changed too.`;
  }
  return beside ? "Learned, also beside the shots, and what lies far is kept."
    : "Memorised, not learned: the shots are met, but already beside them f is nearly as wrong as before.";
}
