// A list of pictures as buttons. Items are pooled: a slider event rewrites only those that differ.

import { make, makeButton, setText } from "../../dom.js";

export const LIST_CAP = 60;

export function openList(panel, name) {
  const node = panel.querySelector(`.changed-${name}`);
  const part = (key) => node.querySelector(`.${key}`);
  return { items: part("items"), count: part("count"), note: part("note"), pool: [] };
}

export function forgetList(list) {
  for (const item of list.pool) item.key = "";
}

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

function makeItem(host, pick) {
  const item = { node: makeButton("item"), key: "", index: -1 };
  const node = host.appendChild(item.node);
  item.thumb = node.appendChild(make("span", "thumb"));
  const text = node.appendChild(make("span", "item-text"));
  item.name = text.appendChild(make("span", "item-name"));
  item.change = text.appendChild(make("span", "item-change"));
  node.addEventListener("click", () => pick(item.index));
  return item;
}

export function fillItem(item, data, i, clip, llu, paint) {
  const key = `${i}:${clip}:${llu}`;
  if (item.key === key) return;
  item.key = key;
  item.index = i;
  paint(item.thumb, i);
  const truth = data.images.truth[i];
  setText(item.name, truth < 0 ? data.images.names[i] : data.classes.names[truth]);
  setText(item.change, `${data.classes.names[clip]} \u2192 ${data.classes.names[llu]}`);
  item.node.title = `${data.images.names[i]}: ${item.change.textContent}`;
}
