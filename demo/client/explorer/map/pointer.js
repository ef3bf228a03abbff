// The hand on the map: hover shows a card, a click pins, arrow keys step, the wheel zooms once the map has the focus.

import { setText } from "../../dom.js";
import { HIDDEN } from "../model/selection.js";

const REACH = 14;
const CLICK_SLACK = 4;

/** `card` = createHoverCard(...); `pick(i)` pins; `shade()`: what the legend hid cannot be met. */
export function wirePointer(area, map, shade, card, pick) {
  let pressed = null;
  const inside = (event) => {
    const box = area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  area.addEventListener("pointermove", (event) => {
    if (pressed || event.pointerType === "touch" || !shade()) return card.hide();
    const point = inside(event);
    card.show(nearestPoint(map, shade(), point), point);
  });
  area.addEventListener("pointerleave", () => card.hide());
  area.addEventListener("pointerdown", (event) => { pressed = [event.clientX, event.clientY]; card.hide(); }, true);
  window.addEventListener("pointerup", (event) => {
    if (!pressed) return;
    const moved = Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]);
    pressed = null;
    if (moved > CLICK_SLACK || !shade() || event.target.closest?.(".map-buttons, .chips")) return;
    const hit = nearestPoint(map, shade(), inside(event));
    if (hit >= 0) pick(hit);
    area.focus({ preventScroll: true });
  });
  window.addEventListener("pointercancel", () => { pressed = null; });
  guardWheel(area);
}

/** The page keeps scrolling over a map nobody is using; a click into the map, or Ctrl, gives it the wheel. */
function guardWheel(area) {
  area.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== area) event.stopPropagation();
  }, { capture: true });
}

/** The picture within reach of a pixel, or -1. */
function nearestPoint(map, shade, [x, y]) {
  if (!map.isReady()) return -1;
  let best = -1;
  let reach = REACH * REACH;
  for (let i = 0; i < shade.length; i++) {
    if (shade[i] === HIDDEN) continue;
    const [px, py] = map.place("images", i);
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < reach) {
      reach = distance;
      best = i;
    }
  }
  return best;
}

/** Arrow keys step through the pictures, plus and minus zoom, 0 goes home. `go(step)` as `nextShown` takes it. */
export function wireKeys(area, map, go) {
  const actions = {
    ArrowRight: () => go(1), ArrowLeft: () => go(-1), Home: () => go("first"), End: () => go("last"),
    "+": () => map.zoom(1.5), "=": () => map.zoom(1.5), "-": () => map.zoom(1 / 1.5), 0: () => map.zoom(0),
  };
  area.addEventListener("keydown", (event) => {
    if (event.target !== area || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** The floating card. `describe(i)` gives {name, line, truth}; `paint(node, i)` draws the thumbnail. */
export function createHoverCard(node, describe, paint, size) {
  const part = (key) => node.querySelector(`.${key}`);
  const [thumb, name, truth, line] = ["thumb", "hover-name", "hover-truth", "hover-line"].map(part);
  let shown = -1;
  return {
    hide: () => { node.hidden = true; shown = -1; },
    show(i, [x, y]) {
      node.hidden = i < 0;
      if (i < 0) return void (shown = -1);
      if (i !== shown) {
        const text = describe(i);
        setText(name, text.name);
        setText(truth, text.truth);
        setText(line, text.line);
        paint(thumb, i);
        shown = i;
      }
      const { width, height } = size();
      const left = x + 16 + node.offsetWidth > width ? x - 16 - node.offsetWidth : x + 16;
      const top = Math.min(Math.max(y - node.offsetHeight / 2, 6), height - node.offsetHeight - 6);
      node.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
    },
  };
}
