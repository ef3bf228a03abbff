// What the colours and shapes on the map mean; each entry is a button that hides and shows its points.

import { find, findA, make, makeButton, setPressed, setText } from "../../dom.js";

/** @import { Colouring, Data, Palettes, Panels } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * The list of what the map can be coloured by; a compared system joins it while its answers are there.
 * @type {(root: HTMLElement, state: State) => Panels["colourChoice"]}
 */
export function createColourChoice(root, state) {
  const list = findA(HTMLSelectElement, root, "#colour-by");
  list.addEventListener("change", () => state.setColouring(/** @type {Colouring} */ (list.value)));
  return {
    show(colouring, system, sets) {
      findA(HTMLOptionElement, list, "[value=set]").hidden = !sets;
      const entry = list.querySelector("[value=method]");
      if (!system) entry?.remove();
      else setText(entry ?? addOption(list, "method"), `${system.title} answer`);
      if (list.value !== colouring) list.value = colouring;
    },
  };
}

/** @type {(list: HTMLSelectElement, value: string) => HTMLOptionElement} */
function addOption(list, value) {
  const option = list.appendChild(make("option"));
  option.value = value;
  return option;
}

/** @type {(root: HTMLElement, state: State) => Panels["legend"]} */
export function createLegend(root, state) {
  const ramp = find(root, ".legend-ramp");
  const swatches = find(root, ".legend-swatches");
  const shapes = [...find(root, ".legend-shapes").querySelectorAll("button")];
  for (const button of shapes) button.addEventListener("click", () => state.toggleKind(kindOf(button)));
  /** @type {HTMLButtonElement[]} */
  let entries = [];
  return {
    /** Anew for another data set, colouring or theme; toggling keeps the buttons, and with them the focus. */
    build(colouring, data, palettes) {
      ramp.hidden = colouring !== "alpha";
      swatches.hidden = colouring === "alpha";
      const stops = palettes.ramp.filter((_, step) => step % 17 === 0);
      find(ramp, ".ramp").style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
      const swatchesOf = { changed: changeSwatches, set: setSwatches }[String(colouring)] ?? classSwatches;
      entries = colouring === "alpha" ? [] : swatchesOf(data, palettes);
      entries.forEach((button, key) => button.addEventListener("click", () => state.toggleValue(key)));
      swatches.replaceChildren(...entries);
      for (const button of shapes) button.hidden = !data.kinds.some((kind) => kind === kindOf(button));
    },
    mark(filter) {
      entries.forEach((button, key) => setPressed(button, !filter.values.has(key)));
      for (const button of shapes) setPressed(button, !filter.kinds.has(kindOf(button)));
    },
  };
}

/** @type {(button: HTMLButtonElement) => string} */
function kindOf(button) {
  return button.dataset.kind ?? "";
}

/** @type {(colour: string, text: string) => HTMLButtonElement} */
function swatch(colour, text) {
  const node = makeButton("swatch");
  node.appendChild(make("i")).style.background = colour;
  node.appendChild(make("span", "", text));
  node.title = `${text}: hide or show these points`;
  return node;
}

/** In the order of SAME, FIXED, BROKEN, MOVED. @type {(data: Data, palettes: Palettes) => HTMLButtonElement[]} */
function changeSwatches(data, palettes) {
  return ["unchanged", "fixed", "broken", "another wrong answer"].map((name, change) => swatch(palettes.changes[change], name));
}

/** The sets that can act, by who has most of a picture. @type {(data: Data, palettes: Palettes) => HTMLButtonElement[]} */
function setSwatches({ shelf }, palettes) {
  return shelf?.able.map(({ title }, s) => swatch(palettes.sets[s], title)) ?? [];
}

/** @type {(data: Data, palettes: Palettes) => HTMLButtonElement[]} */
function classSwatches(data, palettes) {
  return data.classes.names.map((name, k) => swatch(palettes.classes[k], name));
}
