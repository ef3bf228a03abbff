// The hand on the map: hover shows a card, a click pins, arrow keys step, the wheel zooms once the map has the focus.

import { around, find, findParts, setText } from "../../dom.js";
import { HIDDEN } from "../model/selection.js";

/** @import { MapPanel, Paint, Pixel, Size } from '../../types.d.ts' */
/** @import { Step } from "../model/selection.js" */

/**
 * @typedef {{ hide(): void, show(i: number, point: Pixel): void }} HoverCard
 * @typedef {{ name: string, truth: string, line: string }} Description
 */

const REACH = 14;
const CLICK_SLACK = 4;

/**
 * `card` = createHoverCard(...); `meet(i)` hears what is under the pointer, -1 for nothing; `pick(i)` pins; `shade()`: what
 * the legend hid cannot be met.
 * @type {(area: HTMLElement, map: MapPanel, shade: () => Uint8Array | null, card: HoverCard,
 *   meet: (i: number) => void, pick: (i: number) => void) => void}
 */
export function wirePointer(area, map, shade, card, meet, pick) {
  /** @type {Pixel | null} */
  let pressed = null;
  /** @type {(event: MouseEvent) => Pixel} */
  const inside = (event) => {
    const box = area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  area.addEventListener("pointermove", (event) => {
    const shades = shade();
    if (pressed || event.pointerType === "touch" || !shades) return card.hide();
    const point = inside(event);
    const met = nearestPoint(map, shades, point);
    card.show(met, point);
    meet(met);
  });
  area.addEventListener("pointerleave", () => { card.hide(); meet(-1); });
  area.addEventListener("pointerdown", (event) => { pressed = [event.clientX, event.clientY]; card.hide(); }, true);
  window.addEventListener("pointerup", (event) => {
    if (!pressed) return;
    const moved = Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]);
    pressed = null;
    const shades = shade();
    if (moved > CLICK_SLACK || !shades || around(event, ".chips")) return;
    const hit = nearestPoint(map, shades, inside(event));
    if (hit >= 0) pick(hit);
    area.focus({ preventScroll: true });
  });
  window.addEventListener("pointercancel", () => { pressed = null; });
  guardWheel(area);
}

/**
 * The page keeps scrolling over a map nobody is using; a click into the map, or Ctrl, gives it the wheel.
 * @type {(area: HTMLElement) => void}
 */
function guardWheel(area) {
  area.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== area) event.stopPropagation();
  }, { capture: true });
}

/** The picture within reach of a pixel, or -1. @type {(map: MapPanel, shade: Uint8Array, point: Pixel) => number} */
function nearestPoint(map, shade, [x, y]) {
  if (!map.isReady()) return -1;
  let best = -1;
  let reach = REACH * REACH;
  for (let i = 0; i < shade.length; i++) {
    if (shade[i] === HIDDEN) continue;
    const [px, py] = map.place.images(i);
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < reach) {
      reach = distance;
      best = i;
    }
  }
  return best;
}

/**
 * Arrow keys step through the pictures, plus and minus zoom, 0 goes home. `go(step)` as `nextShown` takes it.
 * @type {(area: HTMLElement, zoom: (factor: number) => void, go: (step: Step) => void) => void}
 */
export function wireKeys(area, zoom, go) {
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowRight: () => go(1), ArrowLeft: () => go(-1), Home: () => go("first"), End: () => go("last"),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => zoom(0),
  };
  area.addEventListener("keydown", (event) => {
    if (event.target !== area || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/**
 * The floating card. `describe(i)` gives {name, line, truth}; `paint(node, i)` draws the thumbnail.
 * @type {(node: HTMLElement, describe: (i: number) => Description, paint: Paint, size: () => Size) => HoverCard}
 */
export function createHoverCard(node, describe, paint, size) {
  const { name, truth, line } = findParts(node, ["name", "truth", "line"], "hover-");
  const thumb = find(node, ".thumb");
  let shown = -1;
  const hide = () => { node.hidden = true; shown = -1; };
  return {
    hide,
    show(i, [x, y]) {
      if (i < 0) return hide();
      node.hidden = false;
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
