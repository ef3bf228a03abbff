// What the colours and shapes on the map mean; each entry is a button that hides and shows its points.

import { make, makeButton, setText } from "../../dom.js";
import { ANCHOR_KIND } from "../model/selection.js";

/** The list of what the map can be coloured by; a compared system joins it while its answers are there. */
export function createColourChoice(root, state) {
  const list = root.querySelector("#colour-by");
  list.addEventListener("change", () => state.setColouring(list.value));
  return {
    show(colouring, system) {
      const entry = list.querySelector("[value=method]");
      if (!system) entry?.remove();
      else setText(entry ?? addOption(list, "method"), `${system.title} answer`);
      if (list.value !== colouring) list.value = colouring;
    },
  };
}

function addOption(list, value) {
  const option = list.appendChild(make("option"));
  option.value = value;
  return option;
}

/** `toggle(part, key)`: part "kinds" or "values" of the filter, key as the state's filter has it. */
export function createLegend(root, toggle) {
  const ramp = root.querySelector(".legend-ramp");
  const swatches = root.querySelector(".legend-swatches");
  const shapes = [...root.querySelectorAll(".legend-shapes button")];
  for (const button of shapes) button.addEventListener("click", () => toggle("kinds", button.dataset.kind));
  let entries = [];
  return {
    /** Anew for another data set, colouring or theme; toggling keeps the buttons, and with them the focus. */
    build(colouring, data, palettes) {
      ramp.hidden = colouring !== "alpha";
      swatches.hidden = colouring === "alpha";
      const stops = palettes.ramp.filter((_, step) => step % 17 === 0);
      ramp.querySelector(".ramp").style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
      const swatchesOf = colouring === "changed" ? changeSwatches : classSwatches;
      entries = colouring === "alpha" ? [] : swatchesOf(data, palettes);
      entries.forEach((button, key) => button.addEventListener("click", () => toggle("values", key)));
      swatches.replaceChildren(...entries);
      for (const button of shapes) button.hidden = !hasKind(data, button.dataset.kind);
    },
    mark(filter) {
      const press = (button, shown) => button.setAttribute("aria-pressed", String(shown));
      entries.forEach((button, key) => press(button, !filter.values.has(key)));
      for (const button of shapes) press(button, !filter.kinds.has(button.dataset.kind));
    },
  };
}

function hasKind(data, kind) {
  return kind === ANCHOR_KIND ? data.anchors.label.length > 0 : data.kinds.includes(kind);
}

function swatch(colour, text) {
  const node = makeButton("swatch");
  node.appendChild(make("i")).style.background = colour;
  node.appendChild(make("span", "", text));
  node.title = `${text}: hide or show these points`;
  return node;
}

/** In the order of SAME, FIXED, BROKEN, MOVED. */
function changeSwatches(data, palettes) {
  return ["unchanged", "fixed", "broken", "still wrong"].map((name, change) => swatch(palettes.changes[change], name));
}

function classSwatches(data, palettes) {
  return data.classes.names.map((name, k) => swatch(palettes.classes[k], name));
}
