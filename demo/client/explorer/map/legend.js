// What the colours and shapes on the map mean; each entry is a button that hides and shows its points.

/** `toggle(part, key)`: part "kinds" or "values" of the filter, key as in visible.js. */
function createLegend(root, toggle) {
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
  const node = make("button", "swatch");
  node.type = "button";
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
