// The chips above the map.

import { find, make, makeButton, setName } from "../../dom.js";

/** @import { Panels } from '../../types.d.ts' */

/**
 * The chips above the map: what is chosen, what is hidden, each with a button that undoes it.
 * @type {(root: HTMLElement, hooks: { clear: () => void, showAll: () => void }) => Panels["chips"]}
 */
export function createChips(root, hooks) {
  const host = find(root, ".chips");
  /** @type {(name: string, label: string, clear: () => void) => { show: (message: string) => void }} */
  const chip = (name, label, clear) => {
    const node = host.appendChild(make("span", `chip ${name}`));
    const text = node.appendChild(make("span", "chip-text"));
    node.append(makeButton("chip-clear", "\u00d7", clear, label));
    return { node, show: (message) => { node.hidden = message === ""; setName(text, message); } };
  };
  const chosen = chip("chosen-chip", "Choose all pictures again", hooks.clear);
  const hidden = chip("hidden-chip", "Show all points again", hooks.showAll);
  return {
    show(counts) {
      const some = counts.chosen === 1 ? "1 picture chosen" : `${counts.chosen} pictures chosen`;
      chosen.show(counts.chosen ? [some, counts.title].filter(Boolean).join(": ") : "");
      const gone = counts.hidden === 1 ? "1 picture hidden" : `${counts.hidden} pictures hidden`;
      hidden.show(counts.filtered ? `${gone} by the legend` : "");
    },
  };
}
