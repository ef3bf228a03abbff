// What the class cards share. Names come from visitors: they only ever travel through textContent, title, value and
// aria-label, never as markup.

import { find } from "../dom.js";

/** @import { CardsPayload, CardsState, Trigger } from '../types.d.ts' */

/**
 * @typedef {{ value: string, start: number | null, end: number | null }} Typed
 * @typedef {{ node: HTMLElement, spot: string, typed: Typed | null }} Focus
 */

/**
 * data: the payload on show; whole: names of the classes whose pictures are all shown; next: where the focus goes when
 * what has it disappears with the next redraw; recording: that of the webcam, which no redraw disturbs; manner: where the
 * pictures of a new class are to go, once that was asked.
 * `trigger(name, data)` tells the server.
 * @type {(element: HTMLElement, trigger: Trigger, data: CardsPayload) => CardsState}
 */
export function makeState(element, trigger, data) {
  return { element, trigger, data, whole: new Set(), next: [], recording: null, manner: null };
}

/** One line of news under the buttons; an empty one takes it away. @type {(state: CardsState, text: string) => void} */
export function say({ element }, text) {
  const line = find(element, ".say");
  line.textContent = text;
  line.hidden = !text;
}

/**
 * The same tidying as on the server, so that a name that is taken is found before it is sent.
 * @type {(text: string) => string}
 */
export function tidyName(text) {
  return text.normalize("NFC").replaceAll("_", " ").trim().split(/\s+/).join(" ");
}

/** Why `text` cannot be the name of a class, or "". @type {(state: CardsState, text: string) => string} */
export function whyNotAName(state, text) {
  const name = tidyName(text);
  const most = state.data.limits.name;
  if (!name) return "Type what the pictures show, for example red panda.";
  if (name.length > most) return `The class name is ${name.length} characters long; use at most ${most}.`;
  return "";
}

/** @type {(state: CardsState, text: string) => boolean} */
export function hasClass(state, text) {
  return state.data.classes.some((card) => card.name === tidyName(text));
}

/** @type {(element: HTMLElement) => HTMLElement | null} */
function focused(element) {
  const root = element.getRootNode();
  const node = root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  return node instanceof HTMLElement ? node : null;
}

/**
 * What has the focus within the cards: the name of its place, and what was typed there.
 * @type {(state: CardsState) => Focus | null}
 */
export function rememberFocus({ element }) {
  const node = focused(element);
  if (!node || !element.contains(node)) return null;
  const isField = node instanceof HTMLInputElement;
  const typed = isField ? { value: node.value, start: node.selectionStart, end: node.selectionEnd } : null;
  return { node, spot: node.dataset.spot || "", typed };
}

/**
 * Give it back after a redraw; the visitor who has left the cards meanwhile is not fetched back.
 * @type {(state: CardsState, focus: Focus | null) => void}
 */
export function restoreFocus(state, focus) {
  const { element } = state;
  const after = state.next;
  state.next = [];
  if (!focus || (focus.node.isConnected && focused(element) === focus.node)) return;
  /** @type {NodeListOf<HTMLElement>} */
  const marked = element.querySelectorAll("[data-spot]");
  const spots = [...marked];
  const wanted = [focus.spot, ...after].filter(Boolean);
  const spot = wanted.find((name) => spots.some((node) => node.dataset.spot === name && !node.hidden));
  const node = spots.find((one) => one.dataset.spot === spot) ?? find(element, ".cards");
  node.focus({ preventScroll: !spot });
  if (spot === focus.spot && focus.typed && node instanceof HTMLInputElement) {
    node.value = focus.typed.value;
    node.setSelectionRange(focus.typed.start, focus.typed.end);
  }
}
