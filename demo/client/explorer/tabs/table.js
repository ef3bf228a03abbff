// Every picture as a row: the map's content without the map.

import { around, find, findA, make, makeButton, setName, setPressed, setText } from "../../dom.js";
import { SAME } from "../model/formula.js";
import { DASH, formatWeight } from "../model/numbers.js";
import { classNamesOf } from "../model/problems.js";

/** @import { FrameValues, Paint, TabContext, TabPanel } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {ReturnType<typeof makeTableRow>} TableRow
 * @typedef {{ state: State, paint: Paint, frame: FrameValues | null, rows: number[], page: number, column: string,
 *   direction: number, part: HTMLSelectElement, selected: number, chosen: Uint8Array | null | undefined, pool: TableRow[],
 *   box: HTMLElement, body: HTMLElement, heads: HTMLElement[], range: HTMLElement,
 *   before: HTMLButtonElement, after: HTMLButtonElement }} TableView
 */

const TABLE_PAGE = 25;
const PART_NAMES = ["training", "test", "query", "elsewhere"];
const CHANGE_TEXTS = ["", "\u2713 fixed", "\u2717 broken", "\u2194 another wrong answer"];

/** The columns after the picture's name, as a card on a phone calls them. */
const TABLE_COLUMNS = {
  part: "Part", truth: "Truth", clip: "CLIP", llu: "LLU", alpha: "\u03b1", nearest: "Nearest anchor", change: "Change",
};

/** What one column sorts by. @type {(frame: FrameValues, column: string) => (i: number) => string | number} */
function tableKey(frame, column) {
  const { data, clip, llu, alpha, changes } = frame;
  const { names, group, truth, nearest } = data.images;
  /** @type {(i: number, k: number) => string} */
  const className = (i, k) => (k < 0 ? "" : classNamesOf(data, i)[k]);
  /** @type {Record<string, (i: number) => string | number>} */
  const keys = {
    name: (i) => names[i], part: (i) => group[i], truth: (i) => className(i, truth[i]),
    clip: (i) => className(i, clip[i]), llu: (i) => className(i, llu[i]), alpha: (i) => alpha[i], nearest: (i) => nearest[i], change: (i) => changes[i],
  };
  return keys[column];
}

/**
 * Rows to list, sorted; equal ones stay in their order. `direction` is 1 or -1; without a column nothing is sorted.
 * `part`: the one of PART_NAMES that is wanted, as an index; "" is all.
 * @type {(frame: FrameValues, column: string, direction: number, part?: string) => number[]}
 */
export function tableRows(frame, column, direction, part = "") {
  const rows = [];
  const { n, images } = frame.data;
  for (let i = 0; i < n; i++) {
    if ((!frame.chosen || frame.chosen[i]) && (part === "" || images.group[i] === Number(part))) rows.push(i);
  }
  if (!column) return rows;
  const key = tableKey(frame, column);
  const collator = new Intl.Collator(undefined, { numeric: true });
  /** @type {(a: string | number, b: string | number) => number} */
  const compare = (a, b) => (
    typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
  const keyed = rows.map((i) => ({ i, key: key(i) }));
  return keyed.sort((a, b) => direction * compare(a.key, b.key) || a.i - b.i).map(({ i }) => i);
}

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel} */
export function createTable(panel, { state, paint }) {
  /** @type {TableView} */
  const view = {
    state, paint, frame: null, rows: [], page: 0, column: "", direction: 1, selected: -1, chosen: undefined, pool: [],
    box: find(panel, ".table-box"), body: find(panel, "tbody"), heads: [...panel.querySelectorAll("th")],
    part: findA(HTMLSelectElement, panel, ".table-part"), range: find(panel, ".table-range"), before: findA(HTMLButtonElement, panel, ".table-before"),
    after: findA(HTMLButtonElement, panel, ".table-after"),
  };
  wireTable(view);
  return {
    showData(data) {
      for (const option of view.part.options) {
        option.hidden = option.value !== "" && !data.images.group.includes(Number(option.value));
      }
      if (view.part.selectedOptions[0]?.hidden) view.part.value = "";
      Object.assign(view, { frame: null, rows: [], selected: -1, chosen: undefined });
    },
    show: (frame) => showTable(view, frame),
    /** Sorting waits until the hand rests: rows must not jump under a moving slider. */
    settle(frame) { sortTable(view, frame); showTable(view, frame); },
    forget() { for (const row of view.pool) row.key = -1; },
    state: () => ({ rows: view.rows.length, page: view.page, column: view.column, direction: view.direction }),
  };
}

/** @type {(view: TableView) => void} */
function wireTable(view) {
  /** @type {(step: number) => void} */
  const turn = (step) => { view.page += step; view.box.scrollTop = 0; if (view.frame) showTable(view, view.frame); };
  view.before.addEventListener("click", () => turn(-1));
  view.after.addEventListener("click", () => turn(1));
  view.part.addEventListener("change", () => {
    view.page = 0;
    if (!view.frame) return;
    sortTable(view, view.frame);
    showTable(view, view.frame);
  });
  for (const head of view.heads) {
    find(head, "button").addEventListener("click", () => sortBy(view, head.dataset.column ?? ""));
  }
  view.body.addEventListener("click", (event) => {
    const clicked = around(event, "tr");
    const row = view.pool.find((one) => one.node === clicked);
    if (row) view.state.select(row.key);
  });
  view.body.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const at = view.pool.findIndex((one) => one.button === event.target);
    const next = step && at >= 0 ? view.pool[at + step] : null;
    if (!next || next.node.hidden) return;
    event.preventDefault();
    next.button.focus();
  });
}

/** Up, down, and back to the order of the set. @type {(view: TableView, column: string) => void} */
function sortBy(view, column) {
  if (view.column !== column) [view.column, view.direction] = [column, 1];
  else if (view.direction === 1) view.direction = -1;
  else [view.column, view.direction] = ["", 1];
  view.page = 0;
  for (const head of view.heads) {
    const order = head.dataset.column !== view.column ? "none" : view.direction > 0 ? "ascending" : "descending";
    head.setAttribute("aria-sort", order);
  }
  if (!view.frame) return;
  sortTable(view, view.frame);
  showTable(view, view.frame);
}

/** @type {(view: TableView, frame: FrameValues) => void} */
function sortTable(view, frame) {
  view.rows = tableRows(frame, view.column, view.direction, view.part.value);
  view.chosen = frame.chosen;
}

/** @type {(view: TableView, frame: FrameValues) => void} */
function showTable(view, frame) {
  view.frame = frame;
  if (view.chosen !== frame.chosen || !view.rows.length) sortTable(view, frame);
  const turned = view.selected !== frame.selected;
  if (turned) turnToSelected(view, frame.selected);
  const last = Math.max(Math.ceil(view.rows.length / TABLE_PAGE) - 1, 0);
  view.page = Math.min(Math.max(view.page, 0), last);
  const from = view.page * TABLE_PAGE;
  const shown = view.rows.slice(from, from + TABLE_PAGE);
  while (view.pool.length < shown.length) view.pool.push(makeTableRow(view.body));
  view.pool.forEach((row, at) => {
    row.node.hidden = at >= shown.length;
    if (at < shown.length) fillTableRow(row, frame, shown[at], view.paint);
  });
  setText(view.range, shown.length ? `Pictures ${from + 1} to ${from + shown.length} of ${view.rows.length}`
    : "No pictures");
  if (turned) scrollToRow(view, shown.indexOf(frame.selected));
  view.before.disabled = view.page === 0;
  view.after.disabled = view.page === last;
}

/**
 * A picture selected elsewhere brings its page; one that was clicked here is on it already.
 * @type {(view: TableView, selected: number) => void}
 */
function turnToSelected(view, selected) {
  view.selected = selected;
  const at = view.rows.indexOf(selected);
  if (at >= 0) view.page = Math.floor(at / TABLE_PAGE);
}

/**
 * Scrolls the box only, never the page; a row in sight stays where it is.
 * @type {(view: TableView, at: number) => void}
 */
function scrollToRow({ box, pool }, at) {
  if (at < 0) return;
  const [row, head] = [pool[at].node, pool[0].node.offsetTop];
  const top = row.offsetTop - head;
  if (top < box.scrollTop || row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top;
}

/** @param {HTMLElement} body */
function makeTableRow(body) {
  const node = body.appendChild(make("tr"));
  node.setAttribute("role", "row");
  const first = node.appendChild(make("td", "cell-name"));
  const button = first.appendChild(makeButton("row-pick"));
  const thumb = button.appendChild(make("span", "thumb"));
  /** @type {Record<string, HTMLElement>} */
  const cells = { name: button.appendChild(make("span", "row-name")) };
  for (const [column, label] of Object.entries(TABLE_COLUMNS)) {
    cells[column] = node.appendChild(make("td", `cell-${column}`));
    cells[column].dataset.label = label;
  }
  for (const cell of node.children) cell.setAttribute("role", "cell"); // lost where a phone shows rows as cards
  return { node, button, thumb, cells, key: -1 };
}

/** @type {(row: TableRow, frame: FrameValues, i: number, paint: Paint) => void} */
function fillTableRow(row, frame, i, paint) {
  const { data, clip, llu, alpha, changes, selected } = frame;
  const { names, group, truth, nearest } = data.images;
  const { cells } = row;
  if (row.key !== i) {
    row.key = i;
    paint(row.thumb, i);
    setName(cells.name, names[i]);
    setText(cells.part, PART_NAMES[group[i]]);
    setName(cells.truth, truth[i] < 0 ? DASH : classNamesOf(data, i)[truth[i]]);
    setText(cells.nearest, nearest[i].toFixed(3));
  }
  const classNames = classNamesOf(data, i);
  setName(cells.clip, classNames[clip[i]]);
  setName(cells.llu, classNames[llu[i]]);
  setText(cells.alpha, formatWeight(alpha[i]));
  setText(cells.change, truth[i] < 0 && changes[i] !== SAME ? "\u2194 changed" : CHANGE_TEXTS[changes[i]]);
  cells.change.dataset.change = String(truth[i] < 0 ? SAME : changes[i]);
  row.node.classList.toggle("current", i === selected);
  setPressed(row.button, i === selected);
}
