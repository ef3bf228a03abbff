// CLIP and LLU side by side, one row per class, one axis: the leading classes, the rest in one row.

import { find, make, setName, setText } from "../../dom.js";
import { formatPercent } from "../model/numbers.js";

/** @import { Panels, Problem } from '../../types.d.ts' */

/**
 * @typedef {ReturnType<typeof makeBarRow>} BarRow
 * @typedef {{ name: string, seen: boolean }} BarLabel
 */

const BAR_ROWS = 8;
const FAINT = 0.005;

/** @type {(root: HTMLElement) => Panels["bars"]} */
export function createBars(root) {
  const host = find(root, ".bars");
  const rows = Array.from({ length: BAR_ROWS + 1 }, makeBarRow);
  host.append(...rows.map((row) => row.node));
  return {
    /** `clip`, `llu`: probabilities of one picture over the classes. */
    show(problem, clip, llu, truth) {
      const order = leadingClasses(clip, llu);
      const listed = order.length > BAR_ROWS + 1 ? order.slice(0, BAR_ROWS) : order;
      rows.forEach((row, at) => {
        row.node.hidden = at > listed.length || (at === listed.length && listed.length === order.length);
        const k = listed[at];
        if (k !== undefined) fillBarRow(row, classLabel(problem, k), clip[k], llu[k], k === truth);
      });
      if (listed.length < order.length) fillOthers(rows[listed.length], order.slice(BAR_ROWS), clip, llu);
    },
  };
}

/** Classes by the larger of their two probabilities. @type {(clip: Float64Array, llu: Float64Array) => number[]} */
function leadingClasses(clip, llu) {
  return Array.from(clip.keys()).sort((a, b) => Math.max(clip[b], llu[b]) - Math.max(clip[a], llu[a]) || a - b);
}

/** @type {(problem: Problem, k: number) => BarLabel} */
function classLabel({ classes }, k) {
  return { name: classes.names[k], seen: classes.seen[k] };
}

function makeBarRow() {
  const node = make("div", "bar-row");
  const star = node.appendChild(make("span", "star"));
  const name = node.appendChild(make("span", "bar-name"));
  const track = node.appendChild(make("div", "bar-track"));
  const bars = ["clip", "llu"].map((which) => track.appendChild(make("div", `bar ${which}`)));
  const numbers = ["clip", "llu"].map((which) => node.appendChild(make("span", `bar-number ${which}`)));
  return { node, star, name, bars, numbers };
}

/** @type {(row: BarRow, label: BarLabel, clip: number, llu: number, isTruth: boolean, others?: boolean) => void} */
function fillBarRow(row, label, clip, llu, isTruth, others = false) {
  setText(row.star, label.seen ? "\u2605" : "");
  row.star.title = label.seen ? "taught" : "";
  setName(row.name, label.name);
  row.node.classList.toggle("truth", isTruth);
  row.node.classList.toggle("others", others);
  row.node.classList.toggle("faint", Math.max(clip, llu) < FAINT);
  [clip, llu].forEach((value, at) => {
    row.bars[at].style.transform = `scaleX(${value.toFixed(4)})`;
    setText(row.numbers[at], formatPercent(value));
  });
}

/** @type {(row: BarRow, classes: number[], clip: Float64Array, llu: Float64Array) => void} */
function fillOthers(row, classes, clip, llu) {
  /** @type {(values: Float64Array) => number} */
  const total = (values) => classes.reduce((sum, k) => sum + values[k], 0);
  fillBarRow(row, { name: `${classes.length} others`, seen: false }, total(clip), total(llu), false, true);
}
