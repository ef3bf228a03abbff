// What lies over the points in an SVG of its own: class names, rings around changed predictions, the selected picture
// and the line to its nearest anchor. Plotly redraws none of it, so it can follow every slider event.

const CHANGE_NAMES = ["same", "fixed", "broken", "moved"];
const LABEL_GAP = 3;
const LABEL_HEIGHT = 15;
/** Room for the class's alpha beside its name, whatever its digits: names do not come and go while a slider moves. */
const LABEL_WEIGHT = 30;
/** Below this share of beta a class text counts as hardly touched. */
const FAINT_SHARE = 0.05;

/**
 * `place(layer, i)` gives pixels, null where the layer has no places; `size()` is the map's own {width, height}.
 * Returns {show(data), mark(changes, shade, selected, scale), weigh(alpha, beta), follow(), labels()}.
 */
function createOverlay(svg, place, size) {
  const group = (name) => svg.appendChild(makeSvg("g", name));
  const overlay = {
    place, size, data: null, labels: [], rings: [], selected: -1,
    ringGroup: group("rings"), labelGroup: group("labels"), focusGroup: group("focus"),
  };
  overlay.line = overlay.focusGroup.appendChild(makeSvg("line", "to-anchor"));
  overlay.target = overlay.focusGroup.appendChild(makeSvg("rect", "anchor-mark"));
  overlay.focus = overlay.focusGroup.appendChild(makeSvg("circle", "selected-mark"));
  setAttributes(overlay.target, { x: -6, y: -6, width: 12, height: 12 });
  overlay.focus.setAttribute("r", 11);
  return {
    show: (data) => showLabels(overlay, data),
    mark: (changes, shade, selected, scale) => markChanges(overlay, changes, shade, selected, scale),
    weigh: (alpha, beta) => weighLabels(overlay, alpha, beta),
    follow: () => followPoints(overlay),
    labels: () => shownLabels(overlay),
  };
}

function showLabels(overlay, data) {
  overlay.data = data;
  overlay.selected = -1;
  overlay.rings = [];
  overlay.labels = data.classes.names.map((name, k) => makeLabel(name, Boolean(data.classes.seen[k])));
  overlay.labelGroup.replaceChildren(...overlay.labels.map((label) => label.node));
}

/** A class name and, smaller, the share of the update that the class text itself receives. */
function makeLabel(name, seen) {
  const node = makeSvg("text", seen ? "seen" : "unseen");
  const short = name.length > 24 ? `${name.slice(0, 23)}\u2026` : name;
  node.appendChild(makeSvg("tspan")).textContent = short;
  const weight = setAttributes(node.appendChild(makeSvg("tspan", "label-alpha")), { dx: 5 });
  return { node, weight, name: short, seen, text: "", shown: false, x: 0, y: 0 };
}

/** The class texts' own alpha, live; faint where the update hardly reaches the text. */
function weighLabels(overlay, alpha, beta) {
  overlay.labels.forEach((label, k) => {
    const text = formatWeight(alpha[k]);
    if (text === label.text) return;
    label.text = label.weight.textContent = text;
    label.weight.setAttribute("class", alpha[k] > FAINT_SHARE * beta ? "label-alpha" : "label-alpha faint");
  });
}

/** `changes`: SAME to MOVED per picture; `shade`: SHOWN to HIDDEN; `scale`: how much smaller than usual points are. */
function markChanges(overlay, changes, shade, selected, scale) {
  const rings = [];
  for (let i = 0; i < changes.length; i++) if (changes[i] !== SAME && shade[i] === SHOWN) rings.push(i);
  const pool = overlay.ringGroup.children;
  while (pool.length < rings.length) overlay.ringGroup.appendChild(makeSvg("circle"));
  if (overlay.scale !== scale) for (const ring of pool) ring.removeAttribute("r");
  overlay.scale = scale;
  for (let j = 0; j < pool.length; j++) {
    const name = j < rings.length ? CHANGE_NAMES[changes[rings[j]]] : "same";
    if (!pool[j].hasAttribute("r")) pool[j].setAttribute("r", 2.5 + 5 * scale);
    if (pool[j].getAttribute("class") !== name) pool[j].setAttribute("class", name);
  }
  overlay.rings = rings;
  overlay.selected = selected >= 0 && shade[selected] === HIDDEN ? -1 : selected;
  placeRings(overlay);
  placeFocus(overlay);
}

function followPoints(overlay) {
  if (!overlay.data) return;
  placeRings(overlay);
  placeFocus(overlay);
  placeLabels(overlay);
}

function translate(node, [x, y], turn = "") {
  node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})${turn}`);
}

function placeRings(overlay) {
  const pool = overlay.ringGroup.children;
  overlay.rings.forEach((i, j) => translate(pool[j], overlay.place("images", i)));
}

function placeFocus(overlay) {
  const { selected, data } = overlay;
  const anchor = selected >= 0 ? data.images.nearestAnchor[selected] : -1;
  const target = anchor >= 0 ? overlay.place("anchors", anchor) : null;
  overlay.focus.style.display = selected >= 0 ? "" : "none";
  for (const node of [overlay.line, overlay.target]) node.style.display = target ? "" : "none";
  if (selected < 0) return;
  const [x, y] = overlay.place("images", selected);
  translate(overlay.focus, [x, y]);
  if (!target) return;
  const [toX, toY] = target;
  translate(overlay.target, [toX, toY], " rotate(45)");
  setAttributes(overlay.line, { x1: x, y1: y, x2: toX, y2: toY });
}

/** Class names at their places; one that would cover an earlier one waits until there is room (zoom in). */
function placeLabels(overlay) {
  const { labels } = overlay;
  const edge = overlay.size().width;
  const placed = labels.length > 0 && overlay.place("classes", 0) !== null;
  overlay.labelGroup.style.display = placed ? "" : "none";
  if (!placed) return;
  const taken = [];
  for (let k = 0; k < labels.length; k++) {
    const [middle, y] = overlay.place("classes", k);
    const width = 6.5 * labels[k].name.length + LABEL_WEIGHT + LABEL_GAP;
    const x = middle > 0 && middle < edge ? Math.min(Math.max(middle, width / 2), edge - width / 2) : middle;
    const clear = (b) => Math.abs(b.x - x) > (b.width + width) / 2 || Math.abs(b.y - y) > LABEL_HEIGHT;
    const free = Number.isFinite(x) && taken.every(clear);
    labels[k].node.style.display = free ? "" : "none";
    labels[k].shown = free;
    if (!free) continue;
    taken.push({ x, y, width });
    Object.assign(labels[k], { x, y });
    translate(labels[k].node, [x, y]);
  }
}

/** The names now on the map, for the export. */
function shownLabels(overlay) {
  const placed = overlay.labels.length > 0 && overlay.place("classes", 0) !== null;
  return placed ? overlay.labels.filter((label) => label.shown) : [];
}
