// The plane on the page: four heatmaps, read by hover or arrow keys; a click takes the setting.

import { find, make, penOf, setText } from "../../dom.js";
import { currentTheme, makeRamp, RAMP_STEPS } from "../map/colours.js";
import { DASH, formatGamma } from "../model/numbers.js";
import {
  PLANE_BETAS, PLANE_GAMMAS, planeAccuracies, planeBetas, planeGammas, startPlane, stepPlane,
} from "../model/plane.js";
import { GAMMA_STOPS, GAMMA_TICKS, gammaPosition } from "../model/scales.js";

/** @import { Accuracy, Data, FrameValues, TabContext, TabPanel, Theme } from '../../types.d.ts' */
/** @import { PlaneJob, Planes } from "../model/plane.js" */
/** @import { State } from "../state.js" */

/**
 * @typedef {{ beta: number, gamma: number }} Cell Numbers of a row and a column.
 * @typedef {ReturnType<typeof makePlaneFigure>} Figure
 * @typedef {{ state: State, frame: FrameValues | null, job: PlaneJob | null, counted: boolean | null,
 *   accuracies: Planes | null, theme: Theme | "", cursor: Cell | null, betas: number[], gammas: number[], figures: Figure[],
 *   maps: HTMLElement, said: HTMLElement, reading: HTMLElement }} PlaneView
 */

const PLANE_SLICE = 8;
/** @type {Accuracy[]} */
const PLANE_KINDS = ["seen", "unseen", "elsewhere", "harmonic"];
/** Cells that an arrow key leads up and to the right. @type {Record<string, number[]>} */
const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, 0], ArrowDown: [-1, 0] };
const PLANE_TITLES = { seen: "Taught", unseen: "Not taught", elsewhere: "Elsewhere", harmonic: "Harmonic mean of the first two" };

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel} */
export function createPlane(panel, { state }) {
  /** @type {PlaneView} */
  const view = {
    state, frame: null, job: null, counted: null, accuracies: null, theme: "", cursor: null,
    betas: planeBetas(), gammas: planeGammas(), figures: PLANE_KINDS.map(makePlaneFigure),
    maps: find(panel, ".plane-maps"), said: find(panel, ".plane-said"), reading: find(panel, ".plane-reading"),
  };
  view.maps.append(...view.figures.map((figure) => figure.node));
  wirePlane(view);
  return {
    showData() {
      Object.assign(view, { job: null, accuracies: null, frame: null });
      setCursor(view, null);
    },
    show: (frame) => showPlane(view, frame),
    state() {
      return { ready: Boolean(view.accuracies), cells: view.betas.length * view.gammas.length, cursor: view.cursor };
    },
  };
}

/** @param {Accuracy} kind */
function makePlaneFigure(kind) {
  const node = make("div", `plane-figure plane-${kind}`);
  const head = node.appendChild(make("p", "plane-head"));
  head.append(make("b", "", PLANE_TITLES[kind]));
  const value = head.appendChild(make("span", "plane-value"));
  const box = node.appendChild(make("div", "plane-box"));
  const canvas = box.appendChild(make("canvas"));
  canvas.width = PLANE_GAMMAS;
  canvas.height = PLANE_BETAS;
  const now = box.appendChild(make("i", "plane-now"));
  const cursor = box.appendChild(make("i", "plane-cursor"));
  cursor.hidden = true;
  const missing = box.appendChild(make("p", "plane-missing"));
  box.append(...[0, 0.5, 1].map((beta) => axisTick("plane-beta", String(beta).replace(/^0\./, "."), betaPlace(beta))));
  box.append(...GAMMA_TICKS.map((gamma) => axisTick("plane-gamma", formatGamma(gamma), gammaPlace(gamma))));
  const scale = node.appendChild(make("p", "plane-scale"));
  const low = scale.appendChild(make("span"));
  const ramp = scale.appendChild(make("i"));
  const high = scale.appendChild(make("span"));
  return { kind, node, value, box, canvas, now, cursor, missing, low, ramp, high };
}

/** @type {(className: string, text: string, share: number) => HTMLElement} */
function axisTick(className, text, share) {
  const node = make("span", className, text);
  node.style.setProperty("--at", String(share));
  return node;
}

/**
 * Share of the map's width and height at the middle of a setting's cell; beta 0 is at the bottom.
 * @type {(gamma: number) => number}
 */
function gammaPlace(gamma) {
  return ((gammaPosition(gamma) / GAMMA_STOPS) * (PLANE_GAMMAS - 1) + 0.5) / PLANE_GAMMAS;
}

/** @type {(beta: number) => number} */
function betaPlace(beta) {
  return 1 - (beta * (PLANE_BETAS - 1) + 0.5) / PLANE_BETAS;
}

/** @type {(view: PlaneView, frame: FrameValues) => void} */
function showPlane(view, frame) {
  view.frame = frame;
  if (frame.data.shelf?.together) return; // the panel says so
  if (!view.job || view.counted !== frame.data.statistics) beginPlane(view, frame.data);
  if (view.accuracies && view.theme !== currentTheme()) drawPlane(view, view.accuracies);
  for (const { now } of view.figures) {
    now.style.left = `${100 * gammaPlace(frame.gamma)}%`;
    now.style.top = `${100 * betaPlace(frame.beta)}%`;
  }
  readPlane(view);
}

/** @type {(view: PlaneView, data: Data) => void} */
function beginPlane(view, data) {
  const job = startPlane(data, view.betas, view.gammas);
  Object.assign(view, { job, counted: data.statistics, accuracies: null, theme: "" });
  for (const figure of view.figures) {
    figure.node.classList.add("waiting");
    setText(figure.missing, "Computing");
  }
  workOnPlane(view, job);
}

/**
 * In slices well below one frame, so that sliders stay smooth meanwhile.
 * @type {(view: PlaneView, job: PlaneJob) => void}
 */
function workOnPlane(view, job) {
  afterEvents(() => {
    if (view.job !== job) return;
    if (!stepPlane(job, performance.now() + PLANE_SLICE)) return workOnPlane(view, job);
    view.accuracies = planeAccuracies(job);
    drawPlane(view, view.accuracies);
    readPlane(view);
  });
}

/**
 * As soon as the page has handled what waits for it; setTimeout would add four milliseconds to every slice.
 * @type {(work: () => void) => void}
 */
function afterEvents(work) {
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener("message", work, { once: true });
  port1.start();
  port2.postMessage(null);
}

/** @type {(view: PlaneView, accuracies: Planes) => void} */
function drawPlane(view, accuracies) {
  const theme = currentTheme();
  view.theme = theme;
  const ramp = makeRamp(theme);
  const colours = ramp.map((text) => (text.match(/\d+/g) ?? []).map(Number));
  for (const figure of view.figures) {
    const values = accuracies[figure.kind];
    figure.node.classList.toggle("waiting", !values);
    setText(figure.missing, values ? "" : missingPlane(figure.kind));
    if (!values) continue;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    drawHeatmap(figure.canvas, values, low, high, colours);
    setText(figure.low, `${low.toFixed(1)} %`);
    setText(figure.high, `${high.toFixed(1)} %`);
    figure.ramp.style.background = `linear-gradient(90deg, ${ramp.filter((_, step) => step % 17 === 0).join(", ")})`;
  }
}

/** @type {(kind: Accuracy) => string} */
function missingPlane(kind) {
  return {
    seen: "This set has no test pictures of taught classes.",
    unseen: "This set has no test pictures of classes that were not taught.",
    harmonic: "Needs test pictures of taught classes and of others.",
    elsewhere: "This set brings no pictures of other things.",
  }[kind];
}

/**
 * One canvas pixel per setting; the style sheet stretches them. Row 0 of `values` is beta 0, drawn at the bottom.
 * @type {(canvas: HTMLCanvasElement, values: number[], low: number, high: number, colours: number[][]) => void}
 */
function drawHeatmap(canvas, values, low, high, colours) {
  const { width, height } = canvas;
  const context = penOf(canvas);
  const image = context.createImageData(width, height);
  values.forEach((value, at) => {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    const pixel = (height - 1 - Math.floor(at / width)) * width + (at % width);
    image.data.set([...colours[Math.round(share * (RAMP_STEPS - 1))], 255], 4 * pixel);
  });
  context.putImageData(image, 0, 0);
}

/** @type {(view: PlaneView) => void} */
function wirePlane(view) {
  for (const { box, canvas } of view.figures) {
    /** @type {(event: MouseEvent) => Cell} */
    const cellAt = (event) => {
      const area = canvas.getBoundingClientRect();
      const gamma = clampCell(((event.clientX - area.left) / area.width) * PLANE_GAMMAS, PLANE_GAMMAS);
      return { gamma, beta: clampCell(((area.bottom - event.clientY) / area.height) * PLANE_BETAS, PLANE_BETAS) };
    };
    box.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") setCursor(view, cellAt(event));
    });
    box.addEventListener("pointerleave", () => setCursor(view, null));
    box.addEventListener("click", (event) => takeSetting(view, cellAt(event)));
  }
  view.maps.addEventListener("keydown", (event) => movePlaneCursor(view, event));
  view.maps.addEventListener("blur", () => setCursor(view, null));
}

/** @type {(value: number, count: number) => number} */
function clampCell(value, count) {
  return Math.min(Math.max(Math.floor(value), 0), count - 1);
}

/** @type {(view: PlaneView, event: KeyboardEvent) => void} */
function movePlaneCursor(view, event) {
  if (!view.frame) return;
  const here = view.cursor ?? nearestCell(view.frame);
  if (event.key === "Enter" || event.key === " ") takeSetting(view, here);
  else if (event.key === "Escape") setCursor(view, null);
  else if (Object.hasOwn(STEPS, event.key)) {
    const [up, right] = STEPS[event.key];
    const beta = clampCell(here.beta + up, PLANE_BETAS);
    setCursor(view, { beta, gamma: clampCell(here.gamma + right, PLANE_GAMMAS) });
    sayPlane(view);
  } else return;
  event.preventDefault();
}

/** The cell of the current setting. @type {(frame: FrameValues) => Cell} */
function nearestCell(frame) {
  const beta = Math.round(frame.beta * (PLANE_BETAS - 1));
  return { beta, gamma: Math.round((gammaPosition(frame.gamma) / GAMMA_STOPS) * (PLANE_GAMMAS - 1)) };
}

/** @type {(view: PlaneView, cell: Cell) => void} */
function takeSetting(view, cell) {
  if (!view.frame) return;
  view.state.moveTo(view.betas[cell.beta], view.gammas[cell.gamma]);
  view.state.release();
}

/** @type {(view: PlaneView, cell: Cell | null) => void} */
function setCursor(view, cell) {
  view.cursor = cell;
  for (const { cursor } of view.figures) {
    cursor.hidden = !cell;
    if (!cell) continue;
    cursor.style.left = `${(100 * (cell.gamma + 0.5)) / PLANE_GAMMAS}%`;
    cursor.style.top = `${100 * (1 - (cell.beta + 0.5) / PLANE_BETAS)}%`;
  }
  readPlane(view);
}

/**
 * The numbers at the cursor, or at the current setting while nothing is pointed at.
 * @type {(view: PlaneView) => void}
 */
function readPlane(view) {
  if (!view.frame) return;
  const { cursor, accuracies, frame } = view;
  const [beta, gamma] = cursor ? [view.betas[cursor.beta], view.gammas[cursor.gamma]] : [frame.beta, frame.gamma];
  const setting = `\u03b2 ${Number(beta.toFixed(3))}, \u03b3 ${formatGamma(gamma)}`;
  const values = PLANE_KINDS.map((kind) => {
    if (!cursor) return frame.summary[kind];
    return accuracies?.[kind]?.[cursor.beta * view.gammas.length + cursor.gamma] ?? null;
  });
  values.forEach((value, at) => setText(view.figures[at].value, value === null ? DASH : `${value.toFixed(1)} %`));
  setText(view.reading, `${cursor ? "Pointed at" : "Now"}: ${setting}`);
}

/**
 * The arrow keys are heard, the hovering hand is not: it would never stop talking.
 * @type {(view: PlaneView) => void}
 */
function sayPlane(view) {
  const values = view.figures.map((figure) => `${PLANE_TITLES[figure.kind]} ${figure.value.textContent}`);
  setText(view.said, `${view.reading.textContent}. ${values.join(", ")}.`);
}
