// Which class is taken for which: CLIP, LLU, or the difference. Rows are the truth, columns the answer.
// A cell opens its pictures.

import { around, find, findParts, make, setName, setText, wireSegments } from "../../dom.js";
import { confusionCounts, confusionMembers, mostConfused } from "../model/confusion.js";
import { signed } from "../model/numbers.js";
import { countOf, TEST } from "../model/selection.js";
import { fillItem, fillList, forgetList } from "./items.js";

/** @import { Belongs, Data, FrameValues, Paint, TabContext, TabPanel } from '../../types.d.ts' */
/** @import { ConfusionMode } from "../model/confusion.js" */
/** @import { State } from "../state.js" */
/** @import { List } from "./items.js" */

/**
 * @typedef {ReturnType<typeof makeConfusionCell>} Cell
 * @typedef {{ cell: string, members: number[], title: string }} OpenCell
 * @typedef {{ clip: Int32Array, llu: Int32Array, classes: number }} Counts
 * @typedef {{ state: State, paint: Paint, mode: ConfusionMode, frame: FrameValues | null, shown: number[] | null,
 *   cells: Cell[], focus: number, scope: Uint8Array | null, own: OpenCell | null, panel: HTMLElement,
 *   grid: HTMLElement, note: HTMLElement, opened: HTMLElement, list: List & { title: HTMLElement } }} ConfusionView
 */

const CONFUSION_CAP = 40;

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel} */
export function createConfusion(panel, { state, paint }) {
  const { grid, note, opened } = findParts(panel, ["grid", "note", "opened"], "confusion-");
  /** @type {ConfusionView} */
  const view = {
    state, paint, mode: "llu", frame: null, shown: null, cells: [], focus: 0, scope: null, own: null, panel,
    grid, note, opened, list: { ...findParts(opened, ["items", "count", "note", "title"]), pool: [] },
  };
  wireSegments(find(panel, ".segments"), ["clip", "llu", "difference"], (mode) => {
    view.mode = mode;
    if (view.frame) showConfusion(view, view.frame);
  });
  wireConfusionKeys(view);
  return {
    showData(data) {
      view.own = keptCell(view, data);
      view.frame = view.shown = view.scope = null;
    },
    show: (frame) => showConfusion(view, frame),
    /** Which classes are worth a row changes only when the hand rests: rows must not jump under a moving slider. */
    settle(frame) { layOutConfusion(view, frame); showConfusion(view, frame); },
    forget: () => forgetList(view.list),
    state() {
      return { mode: view.mode, classes: view.shown ? view.shown.length : 0, cell: view.own ? view.own.cell : null };
    },
  };
}

/**
 * The open cell with its pictures by name, where the same model comes again with a query more or less.
 * @type {(view: ConfusionView, data: Data) => OpenCell | null}
 */
function keptCell({ own, frame }, data) {
  if (!own || !frame || frame.data.id !== data.id) return null;
  const names = new Set(own.members.map((i) => frame.data.images.names[i]));
  return { ...own, members: Array.from(data.counted.keys()).filter((i) => names.has(data.images.names[i])) };
}

/**
 * A choice made here must not empty the matrix it was made in; a lasso or a legend click restricts it.
 * @type {(view: ConfusionView, chosen: Uint8Array | null) => void}
 */
function followChoice(view, chosen) {
  const { own } = view;
  const mine = own && chosen && own.members.length === countOf(chosen, 1) && own.members.every((i) => chosen[i]);
  if (mine) return;
  view.own = null;
  view.scope = chosen;
}

/** Which pictures the matrix speaks of. @type {(view: ConfusionView, data: Data) => Belongs} */
function scopeOf(view, { counted }) {
  return (i) => Boolean(counted[i]) && (!view.scope || Boolean(view.scope[i]));
}

/** @type {(view: ConfusionView, frame: FrameValues) => Counts} */
function countConfusion(view, frame) {
  const { data } = frame;
  const classes = data.classes.names.length;
  /** @type {(best: Int32Array) => Int32Array} */
  const count = (best) => confusionCounts(data.images.truth, best, classes, scopeOf(view, data));
  return { clip: count(frame.clip), llu: count(frame.llu), classes };
}

/** @type {(view: ConfusionView, frame: FrameValues) => void} */
function showConfusion(view, frame) {
  view.frame = frame;
  view.panel.dataset.mode = view.mode;
  followChoice(view, frame.chosen);
  const counts = countConfusion(view, frame);
  const shown = view.shown ?? layOutConfusion(view, frame, counts);
  paintConfusion(view, frame.data, shown, counts);
  sayConfusion(view, frame.data, shown, counts);
  view.opened.hidden = !view.own;
  if (!view.own) return;
  /** @type {Parameters<typeof fillList>[2]} */
  const fill = (item, i) => fillItem(item, frame.data, i, frame.clip[i], frame.llu[i], view.paint);
  fillList(view.list, view.own.members, fill, (i) => view.state.select(i), frame.selected);
  setText(view.list.title, view.own.title);
}

/**
 * Returns the classes that have a row now.
 * @type {(view: ConfusionView, frame: FrameValues, counts?: Counts) => number[]}
 */
function layOutConfusion(view, frame, counts = countConfusion(view, frame)) {
  const shown = mostConfused(counts.clip, counts.llu, counts.classes, CONFUSION_CAP);
  if (view.shown && shown.join() === view.shown.join()) return shown;
  view.shown = shown;
  view.focus = 0;
  const { names } = frame.data.classes;
  /** @type {(k: number, role: string) => HTMLElement} */
  const heading = (k, role) => {
    const node = make("span", `confusion-${role}`);
    node.setAttribute("role", role === "row-name" ? "rowheader" : "columnheader");
    setName(node.appendChild(make("span")), names[k]);
    return node;
  };
  const top = make("div", "confusion-row");
  const corner = top.appendChild(make("span", "confusion-corner", "truth \u2193\nanswer \u2192"));
  corner.setAttribute("role", "columnheader");
  top.append(...shown.map((k) => heading(k, "column-name")));
  view.cells = [];
  const rows = shown.map((k) => {
    const row = make("div", "confusion-row");
    const cells = shown.map((column) => makeConfusionCell(k, column));
    view.cells.push(...cells);
    row.append(heading(k, "row-name"), ...cells.map((cell) => cell.node));
    return row;
  });
  for (const row of [top, ...rows]) row.setAttribute("role", "row");
  view.grid.replaceChildren(top, ...rows);
  view.grid.style.setProperty("--columns", String(shown.length));
  view.grid.dataset.size = shown.length <= 12 ? "large" : shown.length <= 24 ? "medium" : "small";
  if (view.cells.length) view.cells[0].node.tabIndex = 0;
  return shown;
}

/** @param {number} row @param {number} column */
function makeConfusionCell(row, column) {
  const node = make("button", row === column ? "cell diagonal" : "cell");
  node.type = "button";
  node.tabIndex = -1;
  node.setAttribute("role", "gridcell");
  return { node, row, column, key: "" };
}

/** @type {(view: ConfusionView, data: Data, shown: number[], counts: Counts) => void} */
function paintConfusion(view, data, shown, { clip, llu, classes }) {
  const { names } = data.classes;
  const difference = view.mode === "difference";
  const totals = shown.map((row) => clip.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0));
  view.cells.forEach((cell, at) => {
    const place = cell.row * classes + cell.column;
    const value = difference ? llu[place] - clip[place] : (view.mode === "clip" ? clip : llu)[place];
    const open = view.own !== null && view.own.cell === `${view.mode}:${cell.row}:${cell.column}`;
    const total = totals[Math.floor(at / shown.length)];
    const key = `${view.mode}${value}/${total}${open}`;
    if (key === cell.key) return;
    cell.key = key;
    const share = Math.sqrt(Math.min(Math.abs(value) / (total || 1), 1));
    cell.node.style.setProperty("--share", `${(60 * share).toFixed(1)}%`);
    cell.node.dataset.tone = value === 0 ? "none" : toneOf(cell, value, difference);
    cell.node.setAttribute("aria-selected", String(open));
    const text = difference && value !== 0 ? signed(value, 0) : String(value);
    setText(cell.node, value === 0 ? "" : text);
    const label = `truth ${names[cell.row]}, answer ${names[cell.column]}: ${text}`;
    cell.node.setAttribute("aria-label", label);
    cell.node.title = label;
  });
}

/**
 * More on the diagonal is good, more beside it is bad.
 * @type {(cell: Cell, value: number, difference: boolean) => string}
 */
function toneOf(cell, value, difference) {
  const diagonal = cell.row === cell.column;
  if (!difference) return diagonal ? "right" : "bad";
  return (value > 0) === diagonal ? "good" : "bad";
}

/** @type {(view: ConfusionView, data: Data, shown: number[], counts: Counts) => void} */
function sayConfusion(view, data, shown, { clip, llu, classes }) {
  const all = clip.reduce((sum, count) => sum + count, 0);
  /** @type {(counts: Int32Array) => number} */
  const wrong = (counts) => {
    let right = 0;
    for (let k = 0; k < classes; k++) right += counts[k * classes + k];
    return all - right;
  };
  const kind = data.images.group.includes(TEST) ? "test" : "training";
  const some = view.scope ? "chosen " : "";
  const cut = ` Shown are the ${shown.length} most often confused of ${classes} classes.`;
  const text = `${all} ${some}${kind} pictures: CLIP has ${wrong(clip)} wrong, LLU ${wrong(llu)}.`;
  setText(view.note, shown.length < classes ? text + cut : text);
}

/** @type {(view: ConfusionView) => void} */
function wireConfusionKeys(view) {
  /** @type {(event: Event) => number} */
  const cellAt = (event) => {
    const node = around(event, ".cell");
    return view.cells.findIndex((cell) => cell.node === node);
  };
  view.grid.addEventListener("click", (event) => {
    const at = cellAt(event);
    if (at < 0) return;
    focusConfusionCell(view, at);
    openConfusionCell(view, view.cells[at]);
  });
  view.grid.addEventListener("keydown", (event) => {
    const at = cellAt(event);
    const width = view.shown ? view.shown.length : 0;
    const column = at % width;
    /** @type {Record<string, number>} */
    const steps = {
      ArrowRight: column < width - 1 ? at + 1 : at, ArrowLeft: column > 0 ? at - 1 : at,
      ArrowDown: at + width, ArrowUp: at - width, Home: at - column, End: at - column + width - 1,
    };
    if (at < 0 || !Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    if (view.cells[steps[event.key]]) focusConfusionCell(view, steps[event.key]);
  });
}

/** @type {(view: ConfusionView, at: number) => void} */
function focusConfusionCell(view, at) {
  if (view.cells[view.focus]) view.cells[view.focus].node.tabIndex = -1;
  view.focus = at;
  view.cells[at].node.tabIndex = 0;
  view.cells[at].node.focus();
}

/**
 * Chooses the cell's pictures for the whole page; the same cell again lets them go.
 * @type {(view: ConfusionView, place: Cell) => void}
 */
function openConfusionCell(view, { row, column }) {
  const { frame, mode, state } = view;
  if (!frame) return;
  const cell = `${mode}:${row}:${column}`;
  if (view.own && view.own.cell === cell) return state.choose(null);
  const members = confusionMembers(frame, row, column, mode, scopeOf(view, frame.data));
  if (!members.length) return;
  const [truth, answer] = [row, column].map((k) => frame.data.classes.names[k]);
  const what = row === column ? `${truth} recognised` : `${truth} taken for ${answer}`;
  const by = { clip: "CLIP", llu: "LLU", difference: "by one of CLIP and LLU only" }[mode];
  view.own = { cell, members, title: `${what} (${by})` };
  state.choose(members, view.own.title);
}
