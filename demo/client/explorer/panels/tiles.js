// Four numbers that move with the sliders, each against CLIP.

import { find, findParts, setName, setText } from "../../dom.js";
import { signed } from "../model/numbers.js";

/** @import { Panels, Summary } from '../../types.d.ts' */

/**
 * @typedef {Record<"node" | "value" | "delta" | "base", HTMLElement>} AccuracyTile
 * @typedef {Record<"value" | "fixed" | "broken" | "base", HTMLElement>} ChangedTile
 */

/** @typedef {"seen" | "unseen" | "elsewhere"} Tiled */

/** @type {Tiled[]} */
const ACCURACIES = ["seen", "unseen", "elsewhere"];
const MISSING = {
  seen: "no test pictures of taught classes", unseen: "no test pictures of other classes",
  elsewhere: "this set brings no pictures of other things",
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
  const tiles = { seen: tile("seen"), unseen: tile("unseen"), elsewhere: tile("elsewhere") };
  const changed = findParts(find(all, "#tile-changed"), ["value", "fixed", "broken", "base"]);
  return {
    show(now, clip, { ofTraining, everyday }) {
      for (const name of ACCURACIES) {
        const more = name === "elsewhere" ? movedNames(now.names, everyday) : "";
        const reason = ofTraining && name !== "elsewhere" ? NO_TESTS : MISSING[name];
        showAccuracy(tiles[name], now[name], clip[name], { reason, more });
      }
      showChanged(changed, now, ofTraining);
    },
    busy: (value) => all.setAttribute("aria-busy", String(value)),
  };
}

/** How many everyday names moved noticeably. @type {(moved: number | null, all: number) => string} */
function movedNames(moved, all) {
  return moved === null ? "" : `${moved} of ${all.toLocaleString("en")} names moved`;
}

/**
 * `reason`: why there is no number; `more`: what is told besides, be there one or not.
 * @type {(tile: AccuracyTile, value: number | null, clip: number | null, told: { reason: string, more: string }) => void}
 */
function showAccuracy(tile, value, clip, { reason, more }) {
  tile.node.classList.toggle("empty", value === null);
  if (value === null || clip === null) {
    setText(tile.value, "");
    setText(tile.delta, "");
    return setName(tile.base, more ? `${reason}; ${more}` : reason);
  }
  const delta = Number((value - clip).toFixed(1));
  setText(tile.value, value.toFixed(1));
  setText(tile.delta, signed(delta));
  tile.delta.className = `delta ${delta > 0 ? "up" : delta < 0 ? "down" : "level"}`;
  setName(tile.base, [`CLIP ${clip.toFixed(1)}`, more].filter(Boolean).join(" \u00b7 "));
}

/** @type {(tile: ChangedTile, now: Summary, ofTraining: boolean) => void} */
function showChanged(tile, now, ofTraining) {
  setText(tile.value, String(now.changed));
  setText(tile.fixed, `+${now.fixed} fixed`);
  setText(tile.broken, `\u2212${now.broken} broken`);
  tile.fixed.classList.toggle("level", now.fixed === 0);
  tile.broken.classList.toggle("level", now.broken === 0);
  const other = now.moved ? `${now.moved} wrong otherwise` : "";
  setText(tile.base, ofTraining ? "of the training pictures" : other);
}
