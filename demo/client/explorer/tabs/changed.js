// The lists of changed predictions: fixed, broken, another wrong answer; of the test pictures or elsewhere. Items are
// pooled: a slider event rewrites only those that differ.

import { find, setText, wireSegments } from "../../dom.js";
import { BROKEN, FIXED, MOVED } from "../model/formula.js";
import { fillItem, fillList, forgetList, LIST_CAP, openList } from "./items.js";

/** @import { Data, FrameValues, TabContext, TabPanel } from '../../types.d.ts' */

/** @typedef {"test" | "elsewhere"} Part */

/** Items that follow a moving slider; those further down, which have to be scrolled to, wait until it rests. */
const LIST_LIVE = 20;
const LONG_LIST = 8;

/** @type {(panel: HTMLElement, context: TabContext) => TabPanel} */
export function createChangedLists(panel, { state, paint }) {
  const grid = find(panel, ".changed");
  const lists = [
    { status: FIXED, list: openList(panel, "fixed") }, { status: BROKEN, list: openList(panel, "broken") },
    { status: MOVED, list: openList(panel, "moved") },
  ];
  const choice = find(panel, ".changed-part");
  /** @type {{ part: Part, frame: FrameValues | null }} */
  const view = { part: "test", frame: null };
  /** @type {(frame: FrameValues, live?: number) => void} */
  const show = (frame, live = LIST_LIVE) => {
    view.frame = frame;
    const { data, changes, clip, llu, chosen, selected } = frame;
    choice.hidden = data.problems.length < 2;
    const part = choice.hidden ? "test" : view.part;
    for (const { status, list } of lists) {
      const members = changedPictures(data, changes, status, { part, chosen });
      /** @type {Parameters<typeof fillList>[2]} */
      const fill = (item, i) => fillItem(item, data, i, clip[i], llu[i], paint);
      fillList(list, members, fill, (i) => state.select(i), selected, live);
      if (!members.length) setText(list.note, chosen ? "None among the chosen pictures." : "None at this setting.");
    }
  };
  /** Long lists get two columns, but not under a moving slider. @type {(frame: FrameValues) => void} */
  const settle = (frame) => {
    show(frame, LIST_CAP);
    const shares = lists.map(({ list }) => `minmax(0, ${Number(list.count.textContent) > LONG_LIST ? 2 : 1}fr)`);
    grid.style.setProperty("--columns", shares.join(" "));
  };
  wireSegments(choice, ["test", "elsewhere"], (part) => { view.part = part; if (view.frame) settle(view.frame); });
  return {
    show: (frame) => show(frame),
    settle,
    /** Forget what the items show: the next data set may use the same numbers for other pictures. */
    forget: () => lists.forEach(({ list }) => forgetList(list)),
  };
}

/**
 * The counted pictures with this change, or those elsewhere; only those among the chosen where some are chosen.
 * @type {(data: Data, changes: Uint8Array, status: number, of: { part: Part, chosen: Uint8Array | null }) => number[]}
 */
function changedPictures(data, changes, status, { part, chosen }) {
  const members = [];
  for (let i = 0; i < data.n; i++) {
    const belongs = part === "elsewhere" ? data.kinds[i] === "elsewhere" : data.counted[i] === 1;
    if (belongs && changes[i] === status && (!chosen || chosen[i])) members.push(i);
  }
  return members;
}
