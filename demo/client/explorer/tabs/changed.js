// The lists of changed predictions: fixed, broken, still wrong. Items are pooled: a slider event rewrites only those
// that differ.

import { setText } from "../../dom.js";
import { BROKEN, FIXED, MOVED } from "../model/formula.js";
import { fillItem, fillList, forgetList, LIST_CAP, openList } from "./items.js";

/** Items that follow a moving slider; those further down, which have to be scrolled to, wait until it rests. */
const LIST_LIVE = 20;
const LONG_LIST = 8;

export function createChangedLists(panel, { state, paint }) {
  const names = { [FIXED]: "fixed", [BROKEN]: "broken", [MOVED]: "moved" };
  const lists = Object.fromEntries(Object.entries(names).map(([status, name]) => [status, openList(panel, name)]));
  const show = (frame, live = LIST_LIVE) => {
    const { data, changes, clip, llu, chosen, selected } = frame;
    for (const [status, list] of Object.entries(lists)) {
      const members = changedPictures(data, changes, Number(status), chosen);
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
      const share = ({ count }) => `minmax(0, ${Number(count.textContent) > LONG_LIST ? 2 : 1}fr)`;
      panel.firstElementChild.style.setProperty("--columns", Object.values(lists).map(share).join(" "));
    },
    /** Forget what the items show: the next data set may use the same numbers for other pictures. */
    forget: () => Object.values(lists).forEach(forgetList),
  };
}

/** The counted pictures with this change, only those among the chosen where some are chosen. */
function changedPictures(data, changes, status, chosen) {
  const members = [];
  for (let i = 0; i < data.n; i++) {
    if (data.counted[i] && changes[i] === status && (!chosen || chosen[i])) members.push(i);
  }
  return members;
}

