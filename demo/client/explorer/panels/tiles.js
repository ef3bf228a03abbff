// Four numbers that move with the sliders, each against CLIP.

import { setText } from "../../dom.js";
import { DASH, signed } from "../model/numbers.js";

export function createTiles(root) {
  const tile = (name) => {
    const node = root.querySelector(`#tile-${name}`);
    const part = (key) => node.querySelector(`.${key}`);
    const names = ["value", "delta", "base", "fixed", "broken"];
    return { node, ...Object.fromEntries(names.map((key) => [key, part(key)])) };
  };
  const tiles = Object.fromEntries(["seen", "unseen", "harmonic", "changed"].map((name) => [name, tile(name)]));
  const missing = {
    seen: "no test pictures of seen classes", unseen: "no test pictures of unseen classes",
    harmonic: "needs test pictures of both kinds",
  };
  return {
    show(now, clip, ofTraining) {
      for (const name of Object.keys(missing)) showAccuracy(tiles[name], now[name], clip[name], missing[name]);
      showChanged(tiles.changed, now, ofTraining);
    },
    busy: (value) => root.querySelector(".tiles").setAttribute("aria-busy", String(value)),
  };
}

function showAccuracy(tile, value, clip, reason) {
  tile.node.classList.toggle("empty", value === null);
  if (value === null) {
    setText(tile.value, DASH);
    setText(tile.delta, "");
    return setText(tile.base, reason);
  }
  const delta = Number((value - clip).toFixed(1));
  setText(tile.value, value.toFixed(1));
  setText(tile.delta, signed(delta));
  tile.delta.className = `delta ${delta > 0 ? "up" : delta < 0 ? "down" : "level"}`;
  setText(tile.base, `CLIP ${clip.toFixed(1)}`);
}

function showChanged(tile, now, ofTraining) {
  setText(tile.value, String(now.changed));
  setText(tile.fixed, `+${now.fixed} fixed`);
  setText(tile.broken, `\u2212${now.broken} broken`);
  tile.fixed.classList.toggle("level", now.fixed === 0);
  tile.broken.classList.toggle("level", now.broken === 0);
  const other = now.moved ? `${now.moved} still wrong` : "";
  setText(tile.base, ofTraining ? "of the training pictures" : other);
}
