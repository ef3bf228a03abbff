// The sets on the shelf: each with its switch, its colour, what it has right, and a button that takes it off.

import { find, make, makeButton, setName, setText } from "../../dom.js";
import { signed } from "../model/numbers.js";

/** @import { Data, Panels, SetSummary, ShelfSet } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/** @typedef {{ node: HTMLElement, ink: HTMLElement, box: HTMLInputElement, seen: HTMLElement, unseen: HTMLElement }} Entry */

/**
 * `take(name)`: a set is to be taken off the shelf.
 * @type {(root: HTMLElement, state: State, take: (name: string) => void) => Panels["shelf"]}
 */
export function createShelf(root, state, take) {
  const host = find(root, ".shelf");
  /** @type {Entry[]} */
  let entries = [];
  let shown = "";
  return {
    show({ shelf }, now, clip, inks) {
      const sets = shelf?.sets ?? [];
      const key = JSON.stringify(sets.map(({ name, title, why, kept }) => [name, title, why, kept]));
      if (key !== shown) {
        shown = key;
        entries = sets.map((set) => makeEntry(set, shelf?.together ?? false, state, take));
        host.replaceChildren(...entries.map(({ node }) => node));
        host.hidden = entries.length === 0;
        root.classList.toggle("together", shelf?.together ?? false);
      }
      sets.forEach((set, at) => showEntry(entries[at], set, shelf?.able.indexOf(set) ?? -1, now, clip, inks));
    },
  };
}

/** @type {(set: ShelfSet, together: boolean, state: State, take: (name: string) => void) => Entry} */
function makeEntry({ name, title, why, kept }, together, state, take) {
  const node = make("div", `card shelf-set${why ? " unable" : ""}`);
  const label = node.appendChild(make("label", "shelf-switch"));
  const box = label.appendChild(make("input"));
  Object.assign(box, { type: "checkbox", disabled: why !== "" || !together });
  box.addEventListener("change", () => state.switchSet(name, box.checked));
  const ink = label.appendChild(make("i", "shelf-ink"));
  setName(label.appendChild(make("b")), title);
  const [seen, unseen] = ["shelf-taught", "shelf-untaught"].map((part) => node.appendChild(make("span", `shelf-accuracy ${part}`)));
  if (why) setName(node.appendChild(make("span", "shelf-why")), why);
  ink.hidden = seen.hidden = unseen.hidden = why !== "" || !together;
  if (kept) node.append(makeButton("shelf-off", "\u00d7", () => take(name), `Take ${title} off the shelf`));
  return { node, ink, box, seen, unseen };
}

/** @type {(entry: Entry, set: ShelfSet, s: number, now: SetSummary[], clip: SetSummary[], inks: string[]) => void} */
function showEntry({ node, ink, box, seen, unseen }, { on }, s, now, clip, inks) {
  box.checked = on;
  node.classList.toggle("off", !on);
  if (s < 0 || !now[s]) return;
  ink.style.background = inks[s];
  showAccuracy(seen, "taught", clip[s].seen, now[s].seen);
  showAccuracy(unseen, "not taught", clip[s].unseen, now[s].unseen);
  seen.hidden = false;
  unseen.hidden = now[s].unseen === null;
}

/** CLIP, what it is with the shelf, and the difference. @type {(node: HTMLElement, name: string, clip: number | null, now: number | null) => void} */
function showAccuracy(node, name, clip, now) {
  if (!node.childElementCount) node.append(make("span"), make("b"), make("span", "delta"));
  const [before, value, delta] = [...node.children];
  if (clip === null || now === null) {
    setText(before, "no test pictures");
    setText(value, "");
    return setText(delta, "");
  }
  const change = Number((now - clip).toFixed(1));
  setText(before, `${name} ${clip.toFixed(1)} \u2192 `);
  setText(value, now.toFixed(1));
  setText(delta, ` ${signed(change)}`);
  delta.className = `delta ${change > 0 ? "up" : change < 0 ? "down" : "level"}`;
}
