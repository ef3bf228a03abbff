// The tabs under the map. Only the open one works; opening one draws it from the last frame.
//
// A panel is an object with any of: showData(data, clip) for a new data set, show(frame) at every frame while it is
// open, settle(frame) when the hand came to rest, forget() when pictures have to be painted again, state() for tests.

const TAB_NAMES = ["changed", "confusion", "plane", "walk", "methods", "table", "lesson", "how"];

/**
 * `hooks` = {paint(node, i), pick(i), choose(indices or null, title), move(beta, gamma), ask(name, request),
 * colourBy(title, answers): colour the map by another system's answers, stepped(): a tab or a step of the lesson was
 * opened}.
 */
function createTabs(root, hooks) {
  const panel = (name) => root.querySelector(`#panel-${name}`);
  const panels = {
    changed: createChangedLists(panel("changed"), hooks), confusion: createConfusion(panel("confusion"), hooks),
    plane: createPlane(panel("plane"), hooks), walk: createWalk(panel("walk"), hooks),
    methods: createMethods(panel("methods"), hooks),
    table: createTable(panel("table"), hooks), lesson: createLesson(panel("lesson"), hooks), how: {},
  };
  const tabs = { root, hooks, panels, open: TAB_NAMES[0], frame: null };
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
      panels[tabs.open].show?.(frame);
    },
    settle() { if (tabs.frame) panels[tabs.open].settle?.(tabs.frame); },
    walk: (payload) => panels.walk.receive(payload),
    methods: (payload) => panels.methods.receive(payload),
    forget: () => everyPanel("forget"),
    open: (name) => openTab(tabs, name),
    /** The step of the lesson that is open, counted from 1, or 0. */
    lessonStep: () => (tabs.open === "lesson" ? panels.lesson.state().step : 0),
    openLesson(step) { openTab(tabs, "lesson"); panels.lesson.go(step - 1); },
    state() {
      const each = TAB_NAMES.map((name) => [name, panels[name].state?.() ?? {}]);
      return { open: tabs.open, ...Object.fromEntries(each) };
    },
  };
}

function wireTabs(tabs) {
  for (const name of TAB_NAMES) {
    const tab = tabs.root.querySelector(`#tab-${name}`);
    tab.addEventListener("click", () => openTab(tabs, name));
    tab.addEventListener("keydown", (event) => {
      const next = tabAfter(name, event.key);
      if (!next) return;
      event.preventDefault();
      openTab(tabs, next);
      tabs.root.querySelector(`#tab-${next}`).focus({ preventScroll: true });
    });
  }
}

/** The tab that a key leads to, or null. */
function tabAfter(name, key) {
  const at = TAB_NAMES.indexOf(name);
  const count = TAB_NAMES.length;
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 }[key];
  return next === undefined ? null : TAB_NAMES[next % count];
}

function openTab(tabs, name) {
  if (!TAB_NAMES.includes(name)) return;
  tabs.open = name;
  for (const other of TAB_NAMES) {
    const tab = tabs.root.querySelector(`#tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    tabs.root.querySelector(`#panel-${other}`).hidden = other !== name;
  }
  tabs.hooks.stepped();
  bringIntoRow(tabs.root.querySelector(`#tab-${name}`));
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

/** A row of buttons of which one is pressed; `choose(value)` gets its data-value. */
function wireSegments(group, choose) {
  const buttons = [...group.querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(button.dataset.value);
    });
  }
}
