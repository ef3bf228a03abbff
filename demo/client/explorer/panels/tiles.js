// Four numbers that move with the sliders, each against CLIP.

import { find, findParts, setText } from "../../dom.js";
import { signed } from "../model/numbers.js";

/** @import { Accuracy, Panels, Summary } from '../../types.d.ts' */

/**
 * @typedef {Record<"node" | "value" | "delta" | "base", HTMLElement>} AccuracyTile
 * @typedef {Record<"value" | "fixed" | "broken" | "base", HTMLElement>} ChangedTile
 */

/** @type {Accuracy[]} */
const ACCURACIES = ["seen", "unseen", "harmonic"];
const MISSING = {
  seen: "no test pictures of taught classes", unseen: "no test pictures of other classes",
  harmonic: "needs test pictures of both kinds",
};
/** As of a reopened adapter, and of a set of shots alone. */
const NO_TESTS = "no test pictures came with it";

/** @type {(root: HTMLElement) => Panels["tiles"]} */
export function createTiles(root) {
  const all = find(root, ".tiles");
  /** @type {(name: string) => AccuracyTile} */
  const tile = (name) => {
    const node = find(all, `#tile-${name}`);
    return { node, ...findParts(node, ["value", "delta", "base"]) };
  };
  const tiles = { seen: tile("seen"), unseen: tile("unseen"), harmonic: tile("harmonic") };
  const changed = findParts(find(all, "#tile-changed"), ["value", "fixed", "broken", "base"]);
  return {
    show(now, clip, ofTraining) {
      for (const name of ACCURACIES) {
        showAccuracy(tiles[name], now[name], clip[name], ofTraining ? NO_TESTS : MISSING[name]);
      }
      showChanged(changed, now, ofTraining);
    },
    busy: (value) => all.setAttribute("aria-busy", String(value)),
  };
}

/** @type {(tile: AccuracyTile, value: number | null, clip: number | null, reason: string) => void} */
function showAccuracy(tile, value, clip, reason) {
  tile.node.classList.toggle("empty", value === null);
  if (value === null || clip === null) {
    setText(tile.value, "");
    setText(tile.delta, "");
    return setText(tile.base, reason);
  }
  const delta = Number((value - clip).toFixed(1));
  setText(tile.value, value.toFixed(1));
  setText(tile.delta, signed(delta));
  tile.delta.className = `delta ${delta > 0 ? "up" : delta < 0 ? "down" : "level"}`;
  setText(tile.base, `CLIP ${clip.toFixed(1)}`);
}

/** @type {(tile: ChangedTile, now: Summary, ofTraining: boolean) => void} */
function showChanged(tile, now, ofTraining) {
  setText(tile.value, String(now.changed));
  setText(tile.fixed, `+${now.fixed} fixed`);
  setText(tile.broken, `\u2212${now.broken} broken`);
  tile.fixed.classList.toggle("level", now.fixed === 0);
  tile.broken.classList.toggle("level", now.broken === 0);
  const other = now.moved ? `${now.moved} another wrong answer` : "";
  setText(tile.base, ofTraining ? "of the training pictures" : other);
}
