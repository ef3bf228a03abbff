// The class cards of panel 1: what the payload says, drawn so that cards that stay the same stay untouched.

import { find, findA, make, makeButton } from "../dom.js";
import { chooseFolder, choosePictures, listenForFiles } from "./adding.js";
import { addNewClassRecorder, cardRecorder, forgetQuestion } from "./recording.js";
import { makeRoving } from "./roving.js";
import { hasClass, makeState, rememberFocus, restoreFocus, say, tidyName, whyNotAName } from "./state.js";
import { stripNodes } from "./thumbs.js";

/** @import { Card, CardsPayload, CardsState, Props, Trigger, Watch } from '../types.d.ts' */

/** @type {(state: CardsState, card: Card) => HTMLElement} */
function nameField(state, card) {
  const field = make("input", "name");
  field.value = card.name;
  field.title = card.name;
  field.maxLength = state.data.limits.name;
  field.dataset.spot = `name ${card.name}`;
  field.setAttribute("aria-label", `Name of the class ${card.name}`);
  field.addEventListener("change", () => {
    const name = tidyName(field.value);
    const restore = () => { field.value = card.name; };
    if (name === card.name || !name) return restore();
    const reason = hasClass(state, name) ? `There is already a class called ${name}.` : whyNotAName(state, name);
    say(state, reason);
    if (reason) return restore();
    if (state.whole.delete(card.name)) state.whole.add(name);
    state.next = [`name ${name}`];
    state.trigger("rename", { old: card.name, new: name });
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.value = card.name; // Enter is a change to the browser already
  });
  return field;
}

/** @type {(state: CardsState, card: Card) => HTMLElement} */
function deleteButton(state, card) {
  const button = makeButton("delete", "×", () => {
    const names = state.data.classes.map(({ name }) => name);
    const at = names.indexOf(card.name);
    state.next = [names[at + 1], names[at - 1]].filter(Boolean).map((name) => `delete ${name}`);
    state.trigger("remove", { name: card.name });
  }, `Delete the class ${card.name}`);
  button.dataset.spot = `delete ${card.name}`;
  return button;
}

/** @type {(state: CardsState, card: Card) => HTMLElement} */
function addButton(state, card) {
  const choose = () => choosePictures(state, card.name);
  const button = makeButton("plain add", "+ add", choose, `Add pictures to ${card.name}`);
  button.dataset.spot = `add ${card.name}`;
  return button;
}

/** @type {(state: CardsState, card: Card, fixed: boolean, redraw: () => void) => HTMLElement} */
function cardNode(state, card, fixed, redraw) {
  const node = make("div", card.train ? "card" : "card unseen");
  node.setAttribute("role", "listitem");
  node.setAttribute("aria-label", `${card.name}: ${card.count}`);
  node.dataset.name = card.name;
  node.dataset.spot = `card ${card.name}`;
  const line = make("div", "line");
  const foot = make("div", "line");
  foot.append(make("div", "count", card.count));
  const recorder = fixed ? null : cardRecorder(state, card, redraw);
  if (!recorder) {
    line.appendChild(make("div", "name", card.name)).title = card.name;
  } else {
    line.append(nameField(state, card), deleteButton(state, card));
    foot.append(recorder.button, addButton(state, card));
  }
  node.append(line, foot);
  if (recorder) node.append(recorder.host);
  if (card.pictures.length || card.more) node.append(...stripNodes(state, card));
  return node;
}

/**
 * Make `nodes` the children of `list`; those that stay are not moved, so that they keep focus and open bar.
 * @type {(list: Element, nodes: Element[]) => void}
 */
function setChildren(list, nodes) {
  const wanted = new Set(nodes);
  const before = [...list.children];
  for (const node of before) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, i) => { if (list.children[i] !== node) list.insertBefore(node, list.children[i] || null); });
}

/** @type {(state: CardsState, data: CardsPayload) => HTMLElement[]} */
function topNodes(state, data) {
  const nodes = [];
  if (data.changed) nodes.push(make("span", "badge", "Changed since training"));
  if (data.undo) {
    const button = makeButton("plain undo", "Undo", () => state.trigger("undo", {}), `Undo: ${data.undo}`);
    button.dataset.spot = "undo";
    button.append(make("span", "what", data.undo));
    nodes.push(button);
  }
  return nodes;
}

/**
 * `drawn`: the cards on the page by what they show. Returns those that are there afterwards.
 * @type {(state: CardsState, drawn: Map<string, HTMLElement>, redraw: () => void) => Map<string, HTMLElement>}
 */
function draw(state, drawn, redraw) {
  const { element, data } = state;
  const focus = rememberFocus(state);
  for (const shots of element.querySelectorAll(".shots")) shots.remove(); // they are pictures of a card by now
  forgetQuestion(state);
  find(element, ".top").replaceChildren(...topNodes(state, data));
  const notes = find(element, ".notes");
  notes.replaceChildren(...data.notes.map((note) => make("p", "note", note)));
  notes.hidden = !data.notes.length;
  find(element, ".set").classList.toggle("fixed", data.fixed);
  /** @type {Map<string, HTMLElement>} */
  const next = new Map();
  for (const card of data.classes) {
    const text = JSON.stringify([card, data.fixed]);
    const node = drawn.get(text) || cardNode(state, card, data.fixed, redraw);
    next.set(text, node);
    /** @type {HTMLInputElement | null} */
    const field = node.querySelector("input.name");
    if (field && field !== focus?.node) field.value = card.name; // a name that the server refused
  }
  setChildren(find(element, ".cards"), [...next.values()]);
  restoreFocus(state, focus);
  return next;
}

/** @type {(state: CardsState, event: Event) => void} */
function createClass(state, event) {
  event.preventDefault();
  const field = findA(HTMLInputElement, state.element, ".new-name");
  const name = tidyName(field.value);
  const reason = hasClass(state, name) ? `There is already a class called ${name}.` : whyNotAName(state, name);
  say(state, reason);
  if (reason) return field.focus();
  state.trigger("create", { name });
  field.value = "";
}

/**
 * `element`, `props`, `trigger` and `watch` come from gradio's HTML component.
 * @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void}
 */
export function mountCards(element, props, trigger, watch) {
  const state = makeState(element, trigger, JSON.parse(props.value));
  find(element, ".create").addEventListener("submit", (event) => createClass(state, event));
  find(element, ".pick-folder").addEventListener("click", () => chooseFolder(state));
  listenForFiles(state);
  /** @type {Map<string, HTMLElement>} */
  let drawn = new Map();
  const rove = makeRoving(find(element, ".cards"));
  let due = true;
  const redraw = () => {
    if (state.recording || !due) return; // the button that is held must stay
    due = false;
    drawn = draw(state, drawn, redraw);
    rove();
  };
  addNewClassRecorder(state, find(element, ".create"), redraw);
  redraw();
  watch("value", () => {
    state.data = JSON.parse(props.value);
    due = true;
    redraw();
  });
}
