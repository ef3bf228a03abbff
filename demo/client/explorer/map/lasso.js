// The lasso's button: while it is pressed, what is drawn around becomes the chosen pictures.

import { find, setPressed } from "../../dom.js";

/** @import { MapPanel } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * Wires the button and the Escape key, which also chooses all pictures again.
 * @type {(root: HTMLElement, map: MapPanel, state: State) => { isActive(): boolean, leave(): void }}
 */
export function createLasso(root, map, state) {
  const button = find(root, "#lasso-button");
  const card = find(root, ".map-card");
  let active = false;
  /** @type {(wanted: boolean) => void} */
  const set = (wanted) => {
    if (active === wanted) return;
    active = wanted;
    setPressed(button, active);
    card.classList.toggle("lassoing", active);
    map.setLasso(active);
  };
  button.addEventListener("click", () => set(!active));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    set(false);
    state.choose(null);
  });
  return { isActive: () => active, leave: () => set(false) };
}
