// What the colours on the map mean, for each way of colouring.

const LEGEND_CAP = 12;

function createLegend(root) {
  const ramp = root.querySelector(".legend-ramp");
  const swatches = root.querySelector(".legend-swatches");
  return {
    show(colouring, data, palettes) {
      ramp.hidden = colouring !== "alpha";
      swatches.hidden = colouring === "alpha";
      const stops = palettes.ramp.filter((_, step) => step % 17 === 0);
      ramp.querySelector(".ramp").style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
      if (colouring === "changed") swatches.replaceChildren(...changeSwatches(palettes));
      else swatches.replaceChildren(...classSwatches(data, palettes));
    },
  };
}

function swatch(colour, text) {
  const node = make("span", "swatch");
  node.appendChild(make("i")).style.background = colour;
  node.appendChild(make("span", "", text)).title = text;
  return node;
}

function changeSwatches(palettes) {
  const names = ["unchanged", "fixed", "broken", "still wrong"];
  return names.map((name, status) => swatch(palettes.changes[status], name));
}

function classSwatches(data, palettes) {
  const nodes = data.classes.names.slice(0, LEGEND_CAP).map((name, k) => swatch(palettes.classes[k], name));
  const more = data.classes.names.length - LEGEND_CAP;
  return more > 0 ? [...nodes, make("span", "swatch", `and ${more} more`)] : nodes;
}
