// The lists of changed predictions: fixed, broken, still wrong. Items are pooled: a slider event rewrites only those
// that differ.

import { find, setText } from "../../dom.js";
import { BROKEN, FIXED, MOVED } from "../model/formula.js";
import { fillItem, fillList, forgetList, LIST_CAP, openList } from "./items.js";

/** @import { Data, FrameValues, TabContext, TabPanel } from '../../types.d.ts' */

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
  /** @type {(frame: FrameValues, live?: number) => void} */
  const show = (frame, live = LIST_LIVE) => {
    const { data, changes, clip, llu, chosen, selected } = frame;
    for (const { status, list } of lists) {
      const members = changedPictures(data, changes, status, chosen);
      /** @type {Parameters<typeof fillList>[2]} */
      const fill = (item, i) => fillItem(item, data, i, clip[i], llu[i], paint);
      fillList(list, members, fill, (i) => state.select(i), selected, live);
      if (!members.length) setText(list.note, chosen ? "None among the chosen pictures." : "None at this setting.");
    }
  };
  return {
    show: (frame) => show(frame),
    /** Long lists get two columns, but not under a moving slider. */
    settle(frame) {
      show(frame, LIST_CAP);
      const shares = lists.map(({ list }) => `minmax(0, ${Number(list.count.textContent) > LONG_LIST ? 2 : 1}fr)`);
      grid.style.setProperty("--columns", shares.join(" "));
    },
    /** Forget what the items show: the next data set may use the same numbers for other pictures. */
    forget: () => lists.forEach(({ list }) => forgetList(list)),
  };
}

/**
 * The counted pictures with this change, only those among the chosen where some are chosen.
 * @type {(data: Data, changes: Uint8Array, status: number, chosen: Uint8Array | null) => number[]}
 */
function changedPictures(data, changes, status, chosen) {
  const members = [];
  for (let i = 0; i < data.n; i++) {
    if (data.counted[i] && changes[i] === status && (!chosen || chosen[i])) members.push(i);
  }
  return members;
}
