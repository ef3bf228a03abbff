// The reach strip: a dot for every test picture and every one elsewhere over its similarity to the nearest taught
// picture, or for every name over its similarity to the nearest taught name, on a background that is as dark as the share of the update that arrives there. It withdraws to the right as gamma grows.

import { find, findA, make, penOf, setName, setText, wireSegments } from "../../dom.js";
import { BROKEN, FIXED, interpolationWeight } from "../model/formula.js";
import { formatPercent, formatWeight } from "../model/numbers.js";
import { halfway, heightOf, leftEnd, meanShare, reachRows, readoutOf } from "../model/reach.js";
import { DIMMED, HIDDEN } from "../model/selection.js";

/** @import { Data, Inks, Pixel, ReachPanel, Side } from '../../types.d.ts' */
/** @import { ReachRow } from "../model/reach.js" */

/**
 * @typedef {Parameters<ReachPanel["move"]>[0]} Setting
 * @typedef {{ width: number, height: number, low: number }} Extent
 * @typedef {{ root: HTMLElement, canvas: HTMLCanvasElement, labels: HTMLElement, axis: HTMLElement, readout: HTMLElement,
 *   data: Data | null, setting: Setting | null, inks: Inks | null, side: Side, rows: ReachRow[], dots: Pixel[][],
 *   shares: HTMLElement[], extent: Extent, pointer: Pixel | null }} Strip
 */

const EDGE = 7;
const ROW_EDGE = 6;
const COLUMN = 2;
const DEEPEST = 0.5;
const REACH = 9;
const DOTS = { same: 1.7, fixed: 3.6, cross: 3.2, name: 2.6, moved: 2.8 };

/**
 * `pick(i)`: the picture of a dot is wanted.
 * @type {(root: HTMLElement, pick: (i: number) => void) => ReachPanel}
 */
export function createReach(root, pick) {
  const box = find(root, ".reach-box");
  /** @type {Strip} */
  const strip = {
    root, canvas: findA(HTMLCanvasElement, box, "canvas"), labels: find(box, ".reach-rows"), axis: find(box, ".reach-axis"),
    readout: find(root, ".reach-readout"), data: null, setting: null, inks: null, side: "images", rows: [], dots: [], shares: [],
    extent: { width: 0, height: 0, low: 0 }, pointer: null,
  };
  wireSegments(find(root, ".reach-sides"), ["images", "classes"], (side) => { strip.side = side; layOut(strip); });
  new ResizeObserver(() => layOut(strip)).observe(box);
  wireHand(strip, pick);
  return {
    show(data) {
      strip.data = data;
      strip.setting = null;
      layOut(strip);
    },
    move(setting) {
      strip.setting = setting;
      draw(strip);
    },
    retint(inks) { strip.inks = inks; },
    summary: () => ({
      side: strip.side, low: strip.extent.low,
      rows: strip.rows.map(({ key, points }, at) => ({ key, points: points.length, share: strip.shares[at].textContent })),
    }),
  };
}

/** Rows, axis and sizes anew: for another set, side or width. @type {(strip: Strip) => void} */
function layOut(strip) {
  const { data, side, canvas, labels } = strip;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!data || !width) return;
  strip.rows = reachRows(data, side);
  strip.extent = { width, height, low: leftEnd(strip.rows) };
  strip.dots = strip.rows.map((_, at) => layDots(strip, at)); // once: they stay while the sliders move
  labels.replaceChildren(...strip.rows.map(({ key, title, points }) => {
    const label = make("div", "reach-row");
    const things = side === "classes" ? "names" : key === "elsewhere" ? "pictures" : "test pictures";
    const count = `${points.length} ${things}`;
    setName(label.appendChild(make("b")), title);
    label.append(make("span", "reach-share"));
    label.title = `${title}: ${count}; the share of the update that they receive on average`;
    return label;
  }));
  strip.shares = [...labels.querySelectorAll("span")];
  layAxis(strip);
  draw(strip);
}

/** @type {(strip: Strip) => void} */
function layAxis(strip) {
  const { axis, extent } = strip;
  const steps = Math.round(10 * (1 - extent.low));
  const each = steps > 8 ? 2 : 1;
  const ticks = [];
  for (let step = steps; step >= 0; step -= each) {
    const value = 1 - step / 10;
    const tick = make("span", "", value.toFixed(1).replace(/^0/, ""));
    tick.style.left = `${across(extent, value)}px`;
    ticks.push(tick);
  }
  axis.replaceChildren(...ticks);
}

/** @type {(extent: Extent, value: number) => number} */
function across({ width, low }, value) {
  return EDGE + ((value - low) / (1 - low)) * (width - 2 * EDGE);
}

/** @type {(extent: Extent, x: number) => number} */
function similarityAt({ width, low }, x) {
  return Math.min(low + ((x - EDGE) / (width - 2 * EDGE)) * (1 - low), 1);
}

/** Where the dots of the points in row `at` are, in their order. @type {(strip: Strip, at: number) => Pixel[]} */
function layDots({ rows, extent }, at) {
  const [{ points, nearest }, row] = [rows[at], extent.height / rows.length];
  return points.map((i) => [
    across(extent, Math.min(nearest[i], 1)), at * row + ROW_EDGE + heightOf(i) * (row - 2 * ROW_EDGE),
  ]);
}

/** @type {(strip: Strip) => void} */
function draw(strip) {
  const { canvas, data, setting, inks, extent, side, rows } = strip;
  if (!data || !setting || !inks || !extent.width) return;
  const dense = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(extent.width * dense), Math.round(extent.height * dense)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = penOf(canvas);
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, extent.width, extent.height);
  drawShade(pen, extent, setting, inks);
  drawRules(pen, strip, inks);
  const looks = side === "images" ? setting : null;
  drawDots(pen, strip, inks, looks);
  if (looks && looks.selected >= 0) drawSelected(pen, strip, inks, looks.selected);
  rows.forEach((row, at) => {
    const share = setting.beta > 0 ? meanShare(row, setting.gamma) : 0;
    setText(strip.shares[at], `${formatPercent(share)}\u2009%`);
  });
  tellReadout(strip);
}

/** @type {(pen: CanvasRenderingContext2D, extent: Extent, setting: Setting, inks: Inks) => void} */
function drawShade(pen, extent, { beta, gamma }, inks) {
  if (beta <= 0) return;
  pen.fillStyle = inks.mask;
  for (let x = 0; x < extent.width; x += COLUMN) {
    pen.globalAlpha = DEEPEST * interpolationWeight(similarityAt(extent, x + COLUMN / 2), 1, gamma);
    if (pen.globalAlpha > 0.002) pen.fillRect(x, 0, COLUMN, extent.height);
  }
  pen.globalAlpha = 1;
}

/** Lines between the rows, and one where half of the update is left. @type {(pen: CanvasRenderingContext2D, strip: Strip, inks: Inks) => void} */
function drawRules(pen, { extent, rows, setting }, inks) {
  pen.fillStyle = inks.card;
  for (let at = 1; at < rows.length; at++) pen.fillRect(0, Math.round((at * extent.height) / rows.length), extent.width, 1.5);
  const half = setting && setting.beta > 0 ? halfway(setting.gamma) : null;
  if (half === null || half < extent.low) return;
  Object.assign(pen, { strokeStyle: inks.mask, lineWidth: 1.4 });
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(across(extent, half), 0);
  pen.lineTo(across(extent, half), extent.height);
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * Grey dots, green ones for fixed answers, red crosses for broken ones. `looks`: null where points have no answers.
 * @type {(pen: CanvasRenderingContext2D, strip: Strip, inks: Inks, looks: Setting | null) => void}
 */
function drawDots(pen, strip, inks, looks) {
  const [same, dimmed, fixed, broken, moved] = Array.from({ length: 5 }, () => new Path2D());
  strip.rows.forEach(({ key, points }, at) => {
    for (const [nth, i] of points.entries()) {
      if (isOff(strip, key, i)) continue;
      const [x, y] = strip.dots[at][nth];
      const change = looks ? looks.changes[i] : 0;
      if (key === "everyday" && strip.data?.everyday?.moved[i]) addDot(moved, x, y, DOTS.moved);
      else if (key === "everyday") addDot(same, x, y, DOTS.same);
      else if (looks?.shade[i] === DIMMED) addDot(dimmed, x, y, DOTS.same);
      else if (change === FIXED) addDot(fixed, x, y, DOTS.fixed);
      else if (change === BROKEN) addCross(broken, x, y, DOTS.cross);
      else addDot(same, x, y, looks ? DOTS.same : DOTS.name);
    }
  });
  pen.fillStyle = inks.ink;
  pen.globalAlpha = 0.2;
  pen.fill(dimmed);
  pen.globalAlpha = 0.62;
  pen.fill(same);
  pen.globalAlpha = 1;
  pen.fillStyle = inks.good;
  pen.fill(fixed);
  pen.fillStyle = inks.bad;
  pen.fill(moved);
  Object.assign(pen, { strokeStyle: inks.bad, lineWidth: 1.8 });
  pen.stroke(broken);
}

/** @type {(path: Path2D, x: number, y: number, radius: number) => void} */
function addDot(path, x, y, radius) {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

/** @type {(path: Path2D, x: number, y: number, reach: number) => void} */
function addCross(path, x, y, reach) {
  path.moveTo(x - reach, y - reach);
  path.lineTo(x + reach, y + reach);
  path.moveTo(x - reach, y + reach);
  path.lineTo(x + reach, y - reach);
}

/**
 * A line at the similarity of the selected picture, whatever it is, and a ring around its dot where it has one.
 * @type {(pen: CanvasRenderingContext2D, strip: Strip, inks: Inks, i: number) => void}
 */
function drawSelected(pen, strip, inks, i) {
  if (!strip.data) return;
  const x = across(strip.extent, Math.max(strip.data.images.nearest[i], strip.extent.low));
  Object.assign(pen, { strokeStyle: inks.strong, lineWidth: 1.2 });
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, strip.extent.height);
  pen.stroke();
  const at = strip.rows.findIndex(({ points }) => points.includes(i));
  if (at < 0) return;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(...strip.dots[at][strip.rows[at].points.indexOf(i)], 6, 0, 2 * Math.PI);
  pen.stroke();
}

/**
 * Whether the legend hides a point. What lies elsewhere is off on the map at first, where it needs room; here it has its
 * own row.
 * @type {(strip: Strip, key: ReachRow["key"], i: number) => boolean}
 */
function isOff({ side, setting }, key, i) {
  return side === "images" && key !== "elsewhere" && setting?.shade[i] === HIDDEN;
}

/** The row and point within reach of the pointer, or null. @type {(strip: Strip) => { row: ReachRow, i: number } | null} */
function pointedAt(strip) {
  const { pointer, rows } = strip;
  /** @type {{ row: ReachRow, i: number } | null} */
  let best = null;
  let reach = REACH * REACH;
  if (!pointer) return best;
  rows.forEach((row, at) => {
    for (const [nth, i] of row.points.entries()) {
      if (isOff(strip, row.key, i)) continue;
      const [x, y] = strip.dots[at][nth];
      const distance = (x - pointer[0]) ** 2 + (y - pointer[1]) ** 2;
      if (distance < reach) [best, reach] = [{ row, i }, distance];
    }
  });
  return best;
}

/** What arrives under the pointer; without one, what holds for all. @type {(strip: Strip) => void} */
function tellReadout(strip) {
  const { pointer, setting, extent, data, side, readout } = strip;
  if (!setting) return;
  const { beta, gamma } = setting;
  if (!pointer) return setName(readout, data ? readoutOf(data, side, setting) : "");
  const at = pointedAt(strip);
  const value = at ? at.row.nearest[at.i] : similarityAt(extent, pointer[0]);
  const share = beta > 0 ? interpolationWeight(value, 1, gamma) : 0;
  const name = at ? `${at.row.names[at.i]}: ` : "";
  setText(readout, `${name}cosine ${value.toFixed(3)}, ${formatPercent(share)}\u2009% of the update, `
    + `\u03b1 ${formatWeight(beta * share)}`);
}

/** @type {(strip: Strip, pick: (i: number) => void) => void} */
function wireHand(strip, pick) {
  const { canvas } = strip;
  /** @type {(pointer: Pixel | null) => void} */
  const point = (pointer) => {
    strip.pointer = pointer;
    canvas.style.cursor = strip.side === "images" && pointedAt(strip) ? "pointer" : "";
    tellReadout(strip);
  };
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => point([offsetX, offsetY]));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", ({ offsetX, offsetY }) => {
    point([offsetX, offsetY]);
    const at = pointedAt(strip);
    if (at && strip.side === "images") pick(at.i);
  });
}
