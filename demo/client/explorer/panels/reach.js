// The reach strip: a dot for every test picture and every one elsewhere over its similarity to the nearest taught
// picture, or for every name over its similarity to the nearest taught name, on a background that is as dark as the share of the update that arrives there. It withdraws to the right as gamma grows.

import { find, findA, make, setName, setText, wireSegments } from "../../dom.js";
import { interpolationWeight } from "../model/formula.js";
import { formatPercent, formatWeight } from "../model/numbers.js";
import { heightOf, leftEnd, meanShare, reachRows, readoutOf } from "../model/reach.js";
import { settingOf } from "../model/shelf/masks.js";
import { across, drawStrip, isOff, similarityAt } from "./strip.js";

/** @import { Pixel, ReachPanel, Setting } from '../../types.d.ts' */
/** @import { ReachRow } from "../model/reach.js" */
/** @import { Strip } from "./strip.js" */

const ROW_EDGE = 6;
const REACH = 9;

/**
 * `pick(i)`: the picture of a dot is wanted.
 * @type {(root: HTMLElement, pick: (i: number) => void) => ReachPanel}
 */
export function createReach(root, pick) {
  const box = find(root, ".reach-box");
  /** @type {Strip} */
  const strip = {
    root, canvas: findA(HTMLCanvasElement, box, "canvas"), labels: find(box, ".reach-rows"), axis: find(box, ".reach-axis"),
    readout: find(root, ".reach-readout"), data: null, setting: null, inks: null, setInks: [], side: "images", rows: [], dots: [],
    shares: [], extent: { width: 0, height: 0, low: 0 }, pointer: null, still: null,
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
    retint(inks, sets) { Object.assign(strip, { inks, setInks: sets }); },
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
function draw(strip) {
  const { data, setting, inks, extent, rows } = strip;
  if (!data || !setting || !inks || !extent.width) return;
  drawStrip(strip, setting, inks);
  rows.forEach((row, at) => setText(strip.shares[at], `${formatPercent(receivedShare(strip, row, setting))}\u2009%`));
  tellReadout(strip);
}

/**
 * What share of the update the points of a row receive on average; where several sets act, of all together.
 * @type {(strip: Strip, row: ReachRow, setting: NonNullable<Strip["setting"]>) => number}
 */
function receivedShare({ data, side }, row, setting) {
  if (!data?.shelf?.together) return setting.beta > 0 ? meanShare(row, setting.gamma) : 0;
  if (row.key !== "everyday") return row.points.reduce((sum, i) => sum + setting.received[side][i], 0) / row.points.length;
  return row.points.reduce((sum, i) => sum + shareAt(row.nearest[i], settingOf(data.shelf, "everyday", i, setting)), 0)
    / row.points.length;
}

/** The share of its update that a set gives to a point. @type {(nearest: number, setting: Setting) => number} */
function shareAt(nearest, { beta, gamma }) {
  return beta > 0 ? interpolationWeight(nearest, 1, gamma) : 0;
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

/** Where the dots of the points in row `at` are, in their order. @type {(strip: Strip, at: number) => Pixel[]} */
function layDots({ rows, extent }, at) {
  const [{ points, nearest }, row] = [rows[at], extent.height / rows.length];
  return points.map((i) => [
    across(extent, Math.min(nearest[i], 1)), at * row + ROW_EDGE + heightOf(i) * (row - 2 * ROW_EDGE),
  ]);
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
  if (!pointer) return setName(readout, data ? readoutOf(data, side, setting) : "");
  const at = pointedAt(strip);
  const value = at ? at.row.nearest[at.i] : similarityAt(extent, pointer[0]);
  const point = at?.row.key === "everyday" ? "everyday" : side;
  const own = at ? settingOf(data?.shelf ?? null, point, at.i, setting) : setting;
  const share = shareAt(value, own);
  const name = at ? `${at.row.names[at.i]}: ` : "";
  const several = data?.shelf?.together ? "at most " : ""; // between two sets, each has a part of the point
  setText(readout, `${name}cosine ${value.toFixed(3)}, ${several}${formatPercent(share)}\u2009% of the update, `
    + `\u03b1 ${formatWeight(own.beta * share)}`);
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
