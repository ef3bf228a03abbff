// The lists of changed predictions: fixed, broken, still wrong. Items are pooled: a slider event rewrites only those
// that differ.

const LIST_CAP = 60;
/** Items that follow a moving slider; those further down, which have to be scrolled to, wait until it rests. */
const LIST_LIVE = 20;
const LONG_LIST = 8;

function createChangedLists(panel, hooks) {
  const names = { [FIXED]: "fixed", [BROKEN]: "broken", [MOVED]: "moved" };
  const lists = Object.fromEntries(Object.entries(names).map(([status, name]) => [status, openList(panel, name)]));
  const show = (frame, live = LIST_LIVE) => {
    const { data, changes, clip, llu, chosen, selected } = frame;
    for (const [status, list] of Object.entries(lists)) {
      const members = changedPictures(data, changes, Number(status), chosen);
      const fill = (item, i) => fillItem(item, data, i, clip[i], llu[i], hooks.paint);
      fillList(list, members, fill, hooks.pick, selected, live);
      if (!members.length) setText(list.note, chosen ? "None among the chosen pictures." : "None at this setting.");
    }
  };
  return {
    show: (frame) => show(frame),
    /** Long lists get two columns, but not under a moving slider. */
    settle(frame) {
      show(frame, LIST_CAP);
      const share = ({ count }) => `minmax(0, ${Number(count.textContent) > LONG_LIST ? 2 : 1}fr)`;
      panel.firstElementChild.style.setProperty("--columns", Object.values(lists).map(share).join(" "));
    },
    /** Forget what the items show: the next data set may use the same numbers for other pictures. */
    forget: () => Object.values(lists).forEach(forgetList),
  };
}

/** The counted pictures with this change, only those among the chosen where some are chosen. */
function changedPictures(data, changes, status, chosen) {
  const members = [];
  for (let i = 0; i < data.n; i++) {
    if (data.counted[i] && changes[i] === status && (!chosen || chosen[i])) members.push(i);
  }
  return members;
}

function openList(panel, name) {
  const node = panel.querySelector(`.changed-${name}`);
  const part = (key) => node.querySelector(`.${key}`);
  return { items: part("items"), count: part("count"), note: part("note"), pool: [] };
}

function forgetList(list) {
  for (const item of list.pool) item.key = "";
}

function fillList(list, members, fill, pick, selected, live = LIST_CAP) {
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
  const truth = data.images.truth[i];
  setText(item.name, truth < 0 ? data.images.names[i] : data.classes.names[truth]);
  setText(item.change, `${data.classes.names[clip]} \u2192 ${data.classes.names[llu]}`);
  item.node.title = `${data.images.names[i]}: ${item.change.textContent}`;
}
