// The two lists of changed predictions. Items are pooled: a slider event rewrites only those that differ.

const LIST_CAP = 60;

function createChangedLists(root, paint, pick) {
  const list = (name) => {
    const node = root.querySelector(`.changed-${name}`);
    const part = (key) => node.querySelector(`.${key}`);
    return { items: part("items"), count: part("count"), note: part("note"), pool: [] };
  };
  const lists = { [FIXED]: list("fixed"), [BROKEN]: list("broken") };
  return {
    show(data, changes, clip, llu, selected) {
      for (const status of [FIXED, BROKEN]) {
        const members = [];
        for (let i = 0; i < data.n; i++) if (data.counted[i] && changes[i] === status) members.push(i);
        fillList(lists[status], members, (item, i) => fillItem(item, data, i, clip[i], llu[i], paint), pick, selected);
      }
    },
    /** Forget what the items show: the next data set may use the same numbers for other pictures. */
    forget() { for (const { pool } of Object.values(lists)) for (const item of pool) item.key = ""; },
  };
}

function fillList(list, members, fill, pick, selected) {
  const shown = members.slice(0, LIST_CAP);
  while (list.pool.length < shown.length) list.pool.push(makeItem(list.items, pick));
  list.pool.forEach((item, at) => {
    item.node.hidden = at >= shown.length;
    if (at < shown.length) fill(item, shown[at]);
    item.node.classList.toggle("current", at < shown.length && shown[at] === selected);
  });
  setText(list.count, String(members.length));
  const more = members.length - shown.length;
  setText(list.note, members.length === 0 ? "None at this setting." : more > 0 ? `and ${more} more` : "");
}

function makeItem(host, pick) {
  const node = host.appendChild(make("button", "item"));
  node.type = "button";
  const item = { node, key: "", index: -1 };
  item.thumb = node.appendChild(make("span", "thumb"));
  const text = node.appendChild(make("span", "item-text"));
  item.name = text.appendChild(make("span", "item-name"));
  item.change = text.appendChild(make("span", "item-change"));
  node.addEventListener("click", () => pick(item.index));
  return item;
}

function fillItem(item, data, i, clip, llu, paint) {
  const key = `${i}:${clip}:${llu}`;
  if (item.key === key) return;
  item.key = key;
  item.index = i;
  paint(item.thumb, i);
  setText(item.name, data.classes.names[data.images.truth[i]]);
  setText(item.change, `${data.classes.names[clip]} \u2192 ${data.classes.names[llu]}`);
  item.node.title = `${data.images.names[i]}: ${item.change.textContent}`;
}
