// window.lluExplorer, the page's one public name: for tests, for the page's own buttons, and for people who like a
// console.

import { find } from "../dom.js";
import { openMode } from "../modes/mode.js";
import { copyLink } from "./link.js";
import { mapSvg, saveMap } from "./map/export.js";
import { readGamma } from "./model/numbers.js";
import { probabilitiesOf } from "./model/problems.js";
import { countHidden, countOf } from "./model/selection.js";

/** @import { Face } from '../types.d.ts' */
/** @import { Frame } from "./frame.js" */
/** @import { State } from "./state.js" */

/** @type {(root: HTMLElement, state: State, frame: Frame) => Face} */
export function publicFace(root, state, frame) {
  const scene = () => {
    frame.drawDue(); // what is told and saved is of the settings as they are, not of the last repaint
    return { root, state, ...frame.panels, ...frame.numbers };
  };
  return {
    state: () => stateOf(state, frame),
    setBeta: (beta) => state.jumpTo(Number(beta), null),
    setGamma: (gamma) => state.jumpTo(null, readGamma(gamma)),
    setStatistics: (on) => state.switchStatistics(on),
    switchSet: (name, on) => state.switchSet(name, on),
    giveSliders: (name) => state.giveSliders(name),
    select: (i) => state.select(i),
    choose: (indices) => state.choose(indices),
    live: (answer) => state.showLive(answer),
    /** Where picture i is on the map, in pixels of the window: [x, y]. */
    where(i) {
      const { x, y } = find(root, ".map-area").getBoundingClientRect();
      const [left, top] = frame.panels.map.place.images(i);
      return [x + left, y + top];
    },
    exportSvg: () => Promise.resolve(mapSvg(scene())),
    async saveMap(kind) { if (state.data && frame.panels.map.isReady()) await saveMap(scene(), kind); },
    copyLink: () => copyLink(state),
    takeUnsent: () => state.takeUnsent(),
    openMode,
    predict: (beta, gamma) => state.data && probabilitiesOf(state.data, beta, readGamma(gamma)),
  };
}

/** What is on show, in plain values. @type {(state: State, frame: Frame) => object} */
function stateOf(state, frame) {
  frame.drawDue();
  const { panels } = frame;
  const { data, beta, gamma, selected, colouring, chosen } = state;
  const numbers = data ? frame.numbers : null;
  return {
    id: data ? data.id : null, beta, gamma, statistics: data ? data.statistics : null, selected, colouring,
    tiles: numbers && { ...numbers.summary }, clip: numbers && { ...numbers.clipSummary },
    sets: data?.shelf && numbers ? data.shelf.sets.map((set) => ({ ...set })) : null,
    moved: data?.shelf?.together ? data.shelf.able[data.shelf.moved].title : null,
    accuracies: numbers && { sets: numbers.sets, clip: numbers.clipSets },
    projection: data ? data.projection : null, resting: panels.map.isResting(),
    chosen: chosen ? countOf(chosen, 1) : null, hidden: data && numbers ? countHidden(numbers.shade, data.kinds) : 0,
    why: numbers && numbers.why && { ...numbers.why }, reach: panels.reach.summary(), tabs: panels.tabs.summary(),
    lesson: { open: state.inLesson, ...panels.lesson.summary() },
  };
}
