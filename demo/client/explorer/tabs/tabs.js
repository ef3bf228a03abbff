// The tabs under the map. Only the open one works; opening one draws it from the last frame.
//
// A panel is an object with any of: showData(data, clip) for a new data set, show(frame) at every frame while it is
// open, settle(frame) when the hand came to rest, turn() when it is opened, forget() when pictures have to be painted
// again, state() for tests.

import { find } from "../../dom.js";
import { TAB_NAMES } from "./names.js";
import { createArc } from "./arc.js";
import { createChangedLists } from "./changed.js";
import { createConfusion } from "./confusion.js";
import { createHow } from "./how.js";
import { createMethods } from "./methods.js";
import { createPlane } from "./plane.js";
import { createTable } from "./table.js";

/** @import { FrameValues, Panels, TabContext, TabName, TabPanel } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/** @typedef {{ root: HTMLElement, state: State, panels: Record<TabName, TabPanel>, frame: FrameValues | null }} Tabs */

/**
 * `context` = {state, paint(node, i), ask(name, request)}, for every panel.
 * @type {(root: HTMLElement, context: TabContext) => Panels["tabs"]}
 */
export function createTabs(root, context) {
  /** @type {(name: TabName) => HTMLElement} */
  const panel = (name) => find(root, `#panel-${name}`);
  const [walk, methods] = [createArc(panel("walk"), context), createMethods(panel("methods"), context)];
  /** @type {Record<TabName, TabPanel>} */
  const panels = {
    changed: createChangedLists(panel("changed"), context), confusion: createConfusion(panel("confusion"), context),
    plane: createPlane(panel("plane"), context), walk, methods,
    table: createTable(panel("table"), context), how: createHow(panel("how"), context),
  };
  /** @type {Tabs} */
  const tabs = { root, state: context.state, panels, frame: null };
  wireTabs(tabs);
  const forget = () => { for (const one of Object.values(panels)) one.forget?.(); };
  return {
    showData(data, clip) {
      tabs.frame = null;
      forget();
      for (const one of Object.values(panels)) one.showData?.(data, clip);
    },
    show(frame) {
      tabs.frame = frame;
      panels[tabs.state.tab].show?.(frame);
    },
    settle() { if (tabs.frame) panels[tabs.state.tab].settle?.(tabs.frame); },
    turn: () => turnTo(tabs, tabs.state.tab),
    /** What the server sends for a tab that asked for it. */
    receive(update) {
      if (update.update === "walk") walk.receive(update);
      else methods.receive(update);
    },
    forget,
    summary() {
      const each = TAB_NAMES.map((name) => [name, panels[name].state?.() ?? {}]);
      return { open: tabs.state.tab, ...Object.fromEntries(each) };
    },
  };
}

/** @type {(tabs: Tabs) => void} */
function wireTabs({ root, state }) {
  for (const name of TAB_NAMES) {
    const tab = find(root, `#tab-${name}`);
    tab.addEventListener("click", () => state.openTab(name));
    tab.addEventListener("keydown", (event) => {
      const next = tabAfter(name, event.key);
      if (!next) return;
      event.preventDefault();
      state.openTab(next);
      find(root, `#tab-${next}`).focus({ preventScroll: true });
    });
  }
}

/** The tab that a key leads to, or null. @type {(name: TabName, key: string) => TabName | null} */
export function tabAfter(name, key) {
  const at = TAB_NAMES.indexOf(name);
  const count = TAB_NAMES.length;
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 };
  return Object.hasOwn(steps, key) ? TAB_NAMES[steps[key] % count] : null;
}

/** @type {(tabs: Tabs, name: TabName) => void} */
function turnTo(tabs, name) {
  for (const other of TAB_NAMES) {
    const tab = find(tabs.root, `#tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    find(tabs.root, `#panel-${other}`).hidden = other !== name;
  }
  bringIntoRow(find(tabs.root, ".tab-row"), find(tabs.root, `#tab-${name}`));
  tabs.panels[name].turn?.();
  if (!tabs.frame) return;
  tabs.panels[name].show?.(tabs.frame);
  tabs.panels[name].settle?.(tabs.frame);
}

/** Scrolls the row of tabs only, never the page. @type {(row: HTMLElement, tab: HTMLElement) => void} */
function bringIntoRow(row, tab) {
  const left = tab.offsetLeft;
  if (left < row.scrollLeft) row.scrollLeft = left - 12;
  else if (left + tab.offsetWidth > row.scrollLeft + row.clientWidth) {
    row.scrollLeft = left + tab.offsetWidth - row.clientWidth + 12;
  }
}
