// The sets on the shelf: each with its switch, its colour, its name, which gives it the sliders, its beta and gamma, what it
// has right, and a button that takes it off.

import { find, make, makeButton, setName, setPressed, setText } from "../../dom.js";
import { formatSetting, signed } from "../model/numbers.js";

/** @import { Data, Panels, SetSummary, ShelfSet } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {{ node: HTMLElement, ink: HTMLElement, box: HTMLInputElement, name: HTMLElement, setting: HTMLElement,
 *   seen: HTMLElement, unseen: HTMLElement }} Entry
 */

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
      sets.forEach((set, at) => {
        const s = shelf?.able.indexOf(set) ?? -1;
        showEntry(entries[at], set, s, now, clip, inks);
        showSetting(entries[at], set, s === shelf?.moved);
      });
    },
  };
}

/** @type {(set: ShelfSet, together: boolean, state: State, take: (name: string) => void) => Entry} */
function makeEntry({ name, title, why, kept }, together, state, take) {
  const node = make("div", `card shelf-set${why ? " unable" : ""}`);
  const label = node.appendChild(make("label", "shelf-switch"));
  const box = label.appendChild(make("input"));
  const able = why === "" && together;
  Object.assign(box, { type: "checkbox", disabled: !able });
  box.setAttribute("aria-label", title);
  box.addEventListener("change", () => state.switchSet(name, box.checked));
  const ink = label.appendChild(make("i", "shelf-ink"));
  const [called, setting] = [make("b"), make("small", "shelf-setting")];
  const named = node.appendChild(able ? makeButton("shelf-name", "", () => state.giveSliders(name)) : make("span", "shelf-name"));
  named.append(called, setting);
  setName(called, title);
  const [seen, unseen] = ["shelf-taught", "shelf-untaught"].map((part) => node.appendChild(make("span", `shelf-accuracy ${part}`)));
  if (why) setName(node.appendChild(make("span", "shelf-why")), why);
  ink.hidden = setting.hidden = seen.hidden = unseen.hidden = !able;
  if (kept) node.append(makeButton("shelf-off", "\u00d7", () => take(name), `Take ${title} off the shelf`));
  return { node, ink, box, name: named, setting, seen, unseen };
}

/** `moved`: whether the sliders are about this set. @type {(entry: Entry, set: ShelfSet, moved: boolean) => void} */
function showSetting({ name, setting }, set, moved) {
  if (setting.hidden) return;
  setPressed(name, moved);
  setText(setting, formatSetting(set));
  const told = moved ? "The sliders move this set" : "Let the sliders move this set";
  if (name.title !== told) name.title = told;
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
