// The pictures of a card: a row of buttons, and a bar under it that moves or deletes one of them.

import { around, find, make, makeButton } from "../dom.js";
import { hasClass, say, whyNotAName } from "./state.js";

/** @import { Card, CardPicture, CardsState } from '../types.d.ts' */

/** @typedef {(back: boolean) => void} Close */

const FIRST_PICTURES = 6;
const NEW_CLASS = "new";

/** @type {(card: Card, picture: CardPicture) => HTMLElement} */
function thumbNode(card, picture) {
  const className = picture.part === "test" ? "thumb test" : "thumb";
  const node = picture.key ? makeButton(className) : make("span", className);
  node.title = picture.part === "test" ? `${picture.name} (to test)` : picture.name;
  if (picture.src) {
    const image = make("img");
    image.src = picture.src;
    image.alt = "";
    node.append(image);
  } else node.append(make("span", "plate", "?"));
  if (!picture.key) return node;
  node.tabIndex = -1;
  node.dataset.spot = `picture ${picture.key}`;
  node.setAttribute("aria-label", `${node.title} of ${card.name}: move or delete`);
  node.setAttribute("aria-expanded", "false");
  return node;
}

/**
 * The select with all other classes, and the field that "new class" brings up; target() is what is chosen, or "".
 * @param {CardsState} state @param {Card} card
 */
function targetFields(state, card) {
  const others = state.data.classes.map(({ name }) => name).filter((name) => name !== card.name);
  const select = make("select", "move-to");
  select.setAttribute("aria-label", "Move to");
  const options = [["", "move to …"], ...others.map((name, i) => [String(i), name]), [NEW_CLASS, "new class …"]];
  for (const [value, text] of options) {
    const option = make("option", "", text);
    option.value = value;
    select.append(option);
  }
  const typed = make("input", "typed");
  typed.hidden = true;
  typed.placeholder = "name of the new class";
  typed.setAttribute("aria-label", "Name of the new class");
  select.addEventListener("change", () => {
    typed.hidden = select.value !== NEW_CLASS;
    if (!typed.hidden) typed.focus();
  });
  const target = () => (select.value === NEW_CLASS ? typed.value.trim() : others[Number(select.value || -1)] || "");
  return { select, typed, target };
}

/**
 * The bar under the pictures: name, where to move it, delete. `close(true)` gives the focus back to the picture.
 * @type {(state: CardsState, card: Card, picture: CardPicture, close: Close, discard: () => void) => HTMLElement}
 */
function barNode(state, card, picture, close, discard) {
  const bar = make("div", "bar");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", `Picture ${picture.name}`);
  const name = make("div", "bar-name", picture.name);
  name.title = picture.name;
  const { select, typed, target } = targetFields(state, card);
  const go = () => {
    const to = target();
    const isNew = select.value === NEW_CLASS;
    const reason = isNew && !hasClass(state, to) ? whyNotAName(state, to) : "";
    if (reason) {
      say(state, reason);
      return typed.focus();
    }
    if (!to) return select.focus();
    say(state, "");
    close(true);
    state.trigger("move", { picture: picture.key, to });
  };
  const move = makeButton("plain move", "Move", go);
  move.disabled = true;
  select.addEventListener("change", () => { move.disabled = !select.value; });
  typed.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close(true);
  });
  const line = make("div", "bar-line");
  line.append(select, move, makeButton("plain discard", "Delete", discard, `Delete the picture ${picture.name}`));
  const head = make("div", "line");
  head.append(name, makeButton("delete", "×", () => close(true), "Close"));
  bar.append(head, line, typed);
  return bar;
}

/**
 * Arrow keys go from picture to picture, so that a strip is one stop of the Tab key however long it is.
 * @type {(event: KeyboardEvent, buttons: HTMLElement[], discard: (at: number) => void) => void}
 */
function stepStrip(event, buttons, discard) {
  const at = buttons.findIndex((button) => button === event.target);
  if (at < 0) return;
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 };
  if (Object.hasOwn(steps, event.key)) {
    const to = buttons[Math.max(0, Math.min(buttons.length - 1, steps[event.key]))];
    for (const button of buttons) button.tabIndex = button === to ? 0 : -1;
    to.focus();
  } else if (event.key === "Delete") discard(at);
  else return;
  event.preventDefault();
}

/**
 * Pictures, the button that shows all of them, and the place of the bar.
 * @type {(state: CardsState, card: Card) => HTMLElement[]}
 */
export function stripNodes(state, card) {
  const strip = make("div", "strip");
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", `Pictures of ${card.name}`);
  const slot = make("div", "slot");
  /** @type {HTMLElement | null} */
  let open = null;
  /** @type {HTMLElement[]} */
  let nodes = [];
  /** @type {Close} */
  const close = (back) => {
    open?.setAttribute("aria-expanded", "false");
    if (back) open?.focus();
    open = null;
    slot.replaceChildren();
  };
  /** @type {(at: number) => void} */
  const discard = (at) => {
    const near = [card.pictures[at + 1], card.pictures[at - 1]].filter(Boolean).map(({ key }) => `picture ${key}`);
    state.next = [...near, `name ${card.name}`];
    close(true);
    state.trigger("discard", { picture: card.pictures[at].key });
  };
  /** @type {(at: number) => void} */
  const toggle = (at) => {
    if (open === nodes[at]) return close(true);
    close(false);
    open = nodes[at];
    open.setAttribute("aria-expanded", "true");
    for (const node of nodes) node.tabIndex = node === open ? 0 : -1;
    slot.append(barNode(state, card, card.pictures[at], close, () => discard(at)));
    find(slot, "select").focus();
    slot.scrollIntoView({ block: "nearest" });
  };
  const fill = () => {
    close(false);
    const whole = state.whole.has(card.name);
    nodes = card.pictures.slice(0, whole ? undefined : FIRST_PICTURES).map((picture) => thumbNode(card, picture));
    if (nodes.length) nodes[0].tabIndex = card.pictures[0].key ? 0 : -1;
    strip.replaceChildren(...nodes, ...moreNodes(state, card, strip, fill));
  };
  strip.addEventListener("click", (event) => {
    const button = around(event, "button.thumb");
    const at = nodes.findIndex((node) => node === button);
    if (at >= 0) toggle(at);
  });
  strip.addEventListener("keydown", (event) => { if (card.pictures[0]?.key) stepStrip(event, nodes, discard); });
  fill();
  return [strip, slot];
}

/**
 * "all 23", "fewer" and "and 40 more", as far as they apply.
 * @type {(state: CardsState, card: Card, strip: HTMLElement, fill: () => void) => HTMLElement[]}
 */
function moreNodes(state, card, strip, fill) {
  const whole = state.whole.has(card.name);
  const nodes = [];
  if (card.pictures.length > FIRST_PICTURES) {
    const text = whole ? "fewer" : `all ${card.pictures.length + card.more}`;
    const button = makeButton("plain all", text, () => {
      if (!state.whole.delete(card.name)) state.whole.add(card.name);
      fill();
      find(strip, ".all").focus();
    });
    button.dataset.spot = `all ${card.name}`;
    button.setAttribute("aria-expanded", String(whole));
    nodes.push(button);
  }
  if (card.more && (whole || !nodes.length)) nodes.push(make("span", "count", `and ${card.more} more`));
  return nodes;
}
