// The tabs under the map. Only the open one works; opening one draws it from the last frame.
//
// A panel is an object with any of: showData(data, clip) for a new data set, show(frame) at every frame while it is
// open, settle(frame) when the hand came to rest, turn() when it is opened, forget() when pictures have to be painted
// again, state() for tests.

import { TAB_NAMES } from "../state.js";
import { createArc } from "./arc.js";
import { createChangedLists } from "./changed.js";
import { createConfusion } from "./confusion.js";
import { createLesson } from "./lesson.js";
import { createMethods } from "./methods.js";
import { createPlane } from "./plane.js";
import { createTable } from "./table.js";

/** `context` = {state, paint(node, i), ask(name, request)}, for every panel. */
export function createTabs(root, context) {
  const panel = (name) => root.querySelector(`#panel-${name}`);
  const panels = {
    changed: createChangedLists(panel("changed"), context), confusion: createConfusion(panel("confusion"), context),
    plane: createPlane(panel("plane"), context), walk: createArc(panel("walk"), context),
    methods: createMethods(panel("methods"), context),
    table: createTable(panel("table"), context), lesson: createLesson(panel("lesson"), context), how: {},
  };
  const tabs = { root, state: context.state, panels, frame: null };
  wireTabs(tabs);
  const everyPanel = (step, ...values) => { for (const one of Object.values(panels)) one[step]?.(...values); };
  return {
    showData(data, clip) {
      tabs.frame = null;
      everyPanel("forget");
      everyPanel("showData", data, clip);
    },
    show(frame) {
      tabs.frame = frame;
      panels[tabs.state.tab].show?.(frame);
    },
    settle() { if (tabs.frame) panels[tabs.state.tab].settle?.(tabs.frame); },
    turn: () => turnTo(tabs, tabs.state.tab),
    /** What the server sends for a tab that asked for it. */
    receive: (name, payload) => panels[name].receive(payload),
    forget: () => everyPanel("forget"),
    summary() {
      const each = TAB_NAMES.map((name) => [name, panels[name].state?.() ?? {}]);
      return { open: tabs.state.tab, ...Object.fromEntries(each) };
    },
  };
}

function wireTabs({ root, state }) {
  for (const name of TAB_NAMES) {
    const tab = root.querySelector(`#tab-${name}`);
    tab.addEventListener("click", () => state.openTab(name));
    tab.addEventListener("keydown", (event) => {
      const next = tabAfter(name, event.key);
      if (!next) return;
      event.preventDefault();
      state.openTab(next);
      root.querySelector(`#tab-${next}`).focus({ preventScroll: true });
    });
  }
}

/** The tab that a key leads to, or null. */
export function tabAfter(name, key) {
  const at = TAB_NAMES.indexOf(name);
  const count = TAB_NAMES.length;
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 }[key];
  return next === undefined ? null : TAB_NAMES[next % count];
}

function turnTo(tabs, name) {
  for (const other of TAB_NAMES) {
    const tab = tabs.root.querySelector(`#tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    tabs.root.querySelector(`#panel-${other}`).hidden = other !== name;
  }
  bringIntoRow(tabs.root.querySelector(`#tab-${name}`));
  tabs.panels[name].turn?.();
  if (!tabs.frame) return;
  tabs.panels[name].show?.(tabs.frame);
  tabs.panels[name].settle?.(tabs.frame);
}

/** Scrolls the row of tabs only, never the page. */
function bringIntoRow(tab) {
  const row = tab.parentElement;
  const left = tab.offsetLeft;
  if (left < row.scrollLeft) row.scrollLeft = left - 12;
  else if (left + tab.offsetWidth > row.scrollLeft + row.clientWidth) {
    row.scrollLeft = left + tab.offsetWidth - row.clientWidth + 12;
  }
}
