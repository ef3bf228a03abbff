// The class cards are one stop of the keyboard however many they are: arrow keys go from card to card, and only the
// card of the moment has its own controls within reach of the Tab key.

import { around } from "../dom.js";

const CONTROLS = "input, button, select";

/** What a key does, from the card at an index among `count`. @type {(key: string, at: number, count: number) => number} */
function nextCard(key, at, count) {
  /** @type {Record<string, number>} */
  const steps = {
    ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: count - 1,
  };
  return Object.hasOwn(steps, key) ? Math.max(0, Math.min(count - 1, steps[key])) : -1;
}

/**
 * The Tab key reaches what is in a card, or passes it over; a strip of pictures keeps the one stop that it had.
 * @type {(card: HTMLElement, open: boolean) => void}
 */
function setStops(card, open) {
  card.tabIndex = open ? 0 : -1;
  for (const control of card.querySelectorAll(CONTROLS)) {
    if (!(control instanceof HTMLElement)) continue;
    if (open && control.dataset.parked) {
      control.tabIndex = 0;
      delete control.dataset.parked;
    } else if (!open && control.tabIndex === 0) {
      control.tabIndex = -1;
      control.dataset.parked = "true";
    }
  }
}

/** Returns what is to be called when the cards were drawn anew. @type {(list: HTMLElement) => () => void} */
export function makeRoving(list) {
  let current = 0;
  /** @type {() => HTMLElement[]} */
  const cards = () => [...list.querySelectorAll(".card")].filter((card) => card instanceof HTMLElement);
  const settle = () => {
    const all = cards();
    current = Math.max(0, Math.min(current, all.length - 1));
    all.forEach((card, at) => setStops(card, at === current));
  };
  list.addEventListener("focusin", (event) => {
    const at = cards().findIndex((card) => card === around(event, ".card"));
    if (at < 0 || at === current) return;
    current = at;
    settle();
  });
  list.addEventListener("keydown", (event) => {
    const card = around(event, ".card");
    if (!card) return;
    if (event.target === card) return stepFrom(event, card, cards());
    if (event.key !== "Escape") return;
    event.stopPropagation(); // the first Escape leaves the card, the next one what is around the cards
    card.focus();
  });
  return settle;
}

/** @type {(event: KeyboardEvent, card: HTMLElement, all: HTMLElement[]) => void} */
function stepFrom(event, card, all) {
  const to = nextCard(event.key, all.indexOf(card), all.length);
  const control = event.key === "Enter" ? card.querySelector(CONTROLS) : null;
  if (to >= 0) all[to].focus();
  else if (control instanceof HTMLElement) control.focus();
  else return;
  event.preventDefault();
}
