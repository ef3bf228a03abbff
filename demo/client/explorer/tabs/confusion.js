// Which class is taken for which: CLIP, LLU, or the difference. Rows are the truth, columns the answer.
// A cell opens its pictures.

import { make, setName, setText, wireSegments } from "../../dom.js";
import { confusionCounts, confusionMembers, mostConfused } from "../model/confusion.js";
import { signed } from "../model/numbers.js";
import { fillItem, fillList, forgetList } from "./items.js";

const CONFUSION_CAP = 40;

export function createConfusion(panel, { state, paint }) {
  const part = (name) => panel.querySelector(`.${name}`);
  const view = {
    state, paint, mode: "llu", frame: null, shown: null, cells: [], focus: 0, scope: null, own: null, panel,
    grid: part("confusion-grid"), note: part("confusion-note"), opened: part("confusion-opened"),
    list: { items: part("items"), count: part("count"), note: part("note"), title: part("title"), pool: [] },
  };
  wireSegments(part("segments"), (mode) => { view.mode = mode; if (view.frame) showConfusion(view, view.frame); });
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

/** The open cell with its pictures by name, where the same model comes again with a query more or less. */
function keptCell({ own, frame }, data) {
  if (!own || !frame || frame.data.id !== data.id) return null;
  const names = new Set(own.members.map((i) => frame.data.images.names[i]));
  return { ...own, members: Array.from(data.counted.keys()).filter((i) => names.has(data.images.names[i])) };
}

/** A choice made here must not empty the matrix it was made in; a lasso or a legend click restricts it. */
function followChoice(view, chosen) {
  const { own } = view;
  const mine = own && chosen && own.members.length === chosen.reduce((sum, one) => sum + (one ? 1 : 0), 0)
    && own.members.every((i) => chosen[i]);
  if (mine) return;
  view.own = null;
  view.scope = chosen;
}

function countConfusion(view, frame) {
  const { data } = frame;
  view.belongs = (i) => Boolean(data.counted[i]) && (!view.scope || Boolean(view.scope[i]));
  const classes = data.classes.names.length;
  const count = (best) => confusionCounts(data.images.truth, best, classes, view.belongs);
  return { clip: count(frame.clip), llu: count(frame.llu), classes };
}

function showConfusion(view, frame) {
  view.frame = frame;
  view.panel.dataset.mode = view.mode;
  followChoice(view, frame.chosen);
  const counts = countConfusion(view, frame);
  if (!view.shown) layOutConfusion(view, frame, counts);
  paintConfusion(view, counts);
  sayConfusion(view, counts);
  view.opened.hidden = !view.own;
  if (!view.own) return;
  const fill = (item, i) => fillItem(item, frame.data, i, frame.clip[i], frame.llu[i], view.paint);
  fillList(view.list, view.own.members, fill, (i) => view.state.select(i), frame.selected);
  setText(view.list.title, view.own.title);
}

function layOutConfusion(view, frame, counts = countConfusion(view, frame)) {
  const shown = mostConfused(counts.clip, counts.llu, counts.classes, CONFUSION_CAP);
  if (view.shown && shown.join() === view.shown.join()) return;
  view.shown = shown;
  view.focus = 0;
  const { names } = frame.data.classes;
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
  view.grid.style.setProperty("--columns", shown.length);
  view.grid.dataset.size = shown.length <= 12 ? "large" : shown.length <= 24 ? "medium" : "small";
  if (view.cells.length) view.cells[0].node.tabIndex = 0;
}

function makeConfusionCell(row, column) {
  const node = make("button", row === column ? "cell diagonal" : "cell");
  node.type = "button";
  node.tabIndex = -1;
  node.setAttribute("role", "gridcell");
  return { node, row, column, key: "" };
}

function paintConfusion(view, { clip, llu, classes }) {
  const { names } = view.frame.data.classes;
  const difference = view.mode === "difference";
  const totals = view.shown.map((row) => clip.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0));
  view.cells.forEach((cell, at) => {
    const place = cell.row * classes + cell.column;
    const value = difference ? llu[place] - clip[place] : (view.mode === "clip" ? clip : llu)[place];
    const open = Boolean(view.own) && view.own.cell === `${view.mode}:${cell.row}:${cell.column}`;
    const key = `${view.mode}${value}/${totals[Math.floor(at / view.shown.length)]}${open}`;
    if (key === cell.key) return;
    cell.key = key;
    const share = Math.sqrt(Math.min(Math.abs(value) / (totals[Math.floor(at / view.shown.length)] || 1), 1));
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

/** More on the diagonal is good, more beside it is bad. */
function toneOf(cell, value, difference) {
  const diagonal = cell.row === cell.column;
  if (!difference) return diagonal ? "right" : "bad";
  return (value > 0) === diagonal ? "good" : "bad";
}

function sayConfusion(view, { clip, llu, classes }) {
  const all = clip.reduce((sum, count) => sum + count, 0);
  const wrong = (counts) => {
    let right = 0;
    for (let k = 0; k < classes; k++) right += counts[k * classes + k];
    return all - right;
  };
  const kind = view.frame.data.images.group.includes(1) ? "test" : "training";
  const some = view.scope ? "chosen " : "";
  const cut = ` Shown are the ${view.shown.length} most often confused of ${classes} classes.`;
  const text = `${all} ${some}${kind} pictures: CLIP has ${wrong(clip)} wrong, LLU ${wrong(llu)}.`;
  setText(view.note, view.shown.length < classes ? text + cut : text);
}

function wireConfusionKeys(view) {
  const cellAt = (node) => view.cells.findIndex((cell) => cell.node === node.closest(".cell"));
  view.grid.addEventListener("click", (event) => {
    const at = cellAt(event.target);
    if (at < 0) return;
    focusConfusionCell(view, at);
    openConfusionCell(view, view.cells[at]);
  });
  view.grid.addEventListener("keydown", (event) => {
    const at = cellAt(event.target);
    const width = view.shown ? view.shown.length : 0;
    const column = at % width;
    const next = { ArrowRight: column < width - 1 ? at + 1 : at, ArrowLeft: column > 0 ? at - 1 : at,
      ArrowDown: at + width, ArrowUp: at - width, Home: at - column, End: at - column + width - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    if (view.cells[next]) focusConfusionCell(view, next);
  });
}

function focusConfusionCell(view, at) {
  if (view.cells[view.focus]) view.cells[view.focus].node.tabIndex = -1;
  view.focus = at;
  view.cells[at].node.tabIndex = 0;
  view.cells[at].node.focus();
}

/** Chooses the cell's pictures for the whole page; the same cell again lets them go. */
function openConfusionCell(view, { row, column }) {
  const { frame, mode, state } = view;
  const cell = `${mode}:${row}:${column}`;
  if (view.own && view.own.cell === cell) return state.choose(null);
  const members = confusionMembers(frame, row, column, mode, view.belongs);
  if (!members.length) return;
  const [truth, answer] = [row, column].map((k) => frame.data.classes.names[k]);
  const what = row === column ? `${truth} recognised` : `${truth} taken for ${answer}`;
  const by = { clip: "CLIP", llu: "LLU", difference: "by one of CLIP and LLU only" }[mode];
  view.own = { cell, members, title: `${what} (${by})` };
  state.choose(members, view.own.title);
}
