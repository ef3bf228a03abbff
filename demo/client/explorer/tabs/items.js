// A list of pictures as buttons. Items are pooled: a slider event rewrites only those that differ.

import { find, findParts, make, makeButton, setText } from "../../dom.js";
import { classNamesOf } from "../model/problems.js";

/** @import { Data, Paint } from '../../types.d.ts' */

/**
 * @typedef {{ items: HTMLElement, count: HTMLElement, note: HTMLElement, pool: Item[] }} List
 * @typedef {ReturnType<typeof makeItem>} Item
 */

export const LIST_CAP = 60;

/** @type {(panel: HTMLElement, name: string) => List} */
export function openList(panel, name) {
  return { ...findParts(find(panel, `.changed-${name}`), ["items", "count", "note"]), pool: [] };
}

/** @type {(list: List) => void} */
export function forgetList(list) {
  for (const item of list.pool) item.key = "";
}

/**
 * @type {(list: List, members: number[], fill: (item: Item, i: number) => void, pick: (i: number) => void,
 *   selected: number, live?: number) => void}
 */
export function fillList(list, members, fill, pick, selected, live = LIST_CAP) {
  const shown = members.slice(0, LIST_CAP);
  while (list.pool.length < Math.min(shown.length, live)) list.pool.push(makeItem(list.items, pick));
  list.pool.slice(0, live).forEach((item, at) => {
    item.node.hidden = at >= shown.length;
    if (at < shown.length) fill(item, shown[at]);
    item.node.classList.toggle("current", at < shown.length && shown[at] === selected);
  });
  setText(list.count, String(members.length));
  const more = members.length - shown.length;
  setText(list.note, more > 0 ? `and ${more} more` : "");
}

/** @param {HTMLElement} host @param {(i: number) => void} pick */
function makeItem(host, pick) {
  const node = host.appendChild(makeButton("item"));
  const thumb = node.appendChild(make("span", "thumb"));
  const text = node.appendChild(make("span", "item-text"));
  const name = text.appendChild(make("span", "item-name"));
  const change = text.appendChild(make("span", "item-change"));
  const item = { node, thumb, name, change, key: "", index: -1 };
  node.addEventListener("click", () => pick(item.index));
  return item;
}

/** @type {(item: Item, data: Data, i: number, clip: number, llu: number, paint: Paint) => void} */
export function fillItem(item, data, i, clip, llu, paint) {
  const key = `${i}:${clip}:${llu}`;
  if (item.key === key) return;
  item.key = key;
  item.index = i;
  paint(item.thumb, i);
  const [truth, names] = [data.images.truth[i], classNamesOf(data, i)];
  setText(item.name, truth < 0 ? data.images.names[i] : names[truth]);
  setText(item.change, `${names[clip]} \u2192 ${names[llu]}`);
  item.node.title = `${data.images.names[i]}: ${item.change.textContent}`;
}
