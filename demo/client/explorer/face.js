// window.lluExplorer, the page's one public name: for tests, for the page's own buttons, and for people who like a
// console.

import { mapSvg } from "./map/export.js";
import { probabilitiesAt } from "./model/formula.js";
import { readGamma } from "./model/numbers.js";
import { countOf, HIDDEN } from "./model/selection.js";

export function publicFace(root, state, frame) {
  return {
    state: () => stateOf(state, frame),
    setBeta: (beta) => state.jumpTo(Number(beta), null),
    setGamma: (gamma) => state.jumpTo(null, readGamma(gamma)),
    select: (i) => state.select(i),
    choose: (indices) => state.choose(indices),
    /** Where picture i is on the map, in pixels of the window: [x, y]. */
    where(i) {
      const { x, y } = root.querySelector(".map-area").getBoundingClientRect();
      const [left, top] = frame.panels.map.place("images", i);
      return [x + left, y + top];
    },
    exportSvg: () => Promise.resolve(mapSvg({ root, state, ...frame.panels, ...frame.numbers })),
    predict: (beta, gamma) => probabilitiesAt(state.data, state.data.logitScale, beta, readGamma(gamma)),
  };
}

/** What is on show, in plain values. */
function stateOf(state, { panels, numbers }) {
  const { data, beta, gamma, selected, colouring, chosen } = state;
  return {
    id: data ? data.id : null, beta, gamma, selected, colouring,
    tiles: data ? { ...numbers.summary } : null, clip: data ? { ...numbers.clipSummary } : null,
    projection: data ? data.projection : null, resting: panels.map.isResting(),
    chosen: chosen ? countOf(chosen, 1) : null, hidden: data ? countOf(numbers.shade, HIDDEN) : 0,
    why: data && numbers.why && { ...numbers.why }, tabs: panels.tabs.summary(),
  };
}
