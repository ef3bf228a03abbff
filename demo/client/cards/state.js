// What the class cards share. Names come from visitors: they only ever travel through textContent, title, value and
// aria-label, never as markup.

/**
 * data: the payload on show; whole: names of the classes whose pictures are all shown; next: where the focus goes when
 * what has it disappears with the next redraw. `trigger(name, data)` tells the server.
 */
export function makeState(element, trigger) {
  return { element, trigger, data: null, whole: new Set(), next: [] };
}

/** One line of news under the buttons; an empty one takes it away. */
export function say({ element }, text) {
  const line = element.querySelector(".say");
  line.textContent = text;
  line.hidden = !text;
}

/** The same tidying as on the server, so that a name that is taken is found before it is sent. */
export function tidyName(text) {
  return text.normalize("NFC").replaceAll("_", " ").trim().split(/\s+/).join(" ");
}

/** Why `text` cannot be the name of a class, or "". */
export function whyNotAName(state, text) {
  const name = tidyName(text);
  const most = state.data.limits.name;
  if (!name) return "Type what the pictures show, for example red panda.";
  if (name.length > most) return `The class name is ${name.length} characters long; use at most ${most}.`;
  return "";
}

export function hasClass(state, text) {
  return state.data.classes.some((card) => card.name === tidyName(text));
}

/** What has the focus within the cards: the name of its place, and what was typed there. */
export function rememberFocus({ element }) {
  const node = element.getRootNode().activeElement;
  if (!node || !element.contains(node)) return null;
  const { value, selectionStart: start, selectionEnd: end } = node;
  return { node, spot: node.dataset.spot || "", typed: node.tagName === "INPUT" ? { value, start, end } : null };
}

/** Give it back after a redraw; the visitor who has left the cards meanwhile is not fetched back. */
export function restoreFocus(state, focus) {
  const { element } = state;
  const after = state.next;
  state.next = [];
  if (!focus || (focus.node.isConnected && element.getRootNode().activeElement === focus.node)) return;
  const spots = [...element.querySelectorAll("[data-spot]")];
  const wanted = [focus.spot, ...after].filter(Boolean);
  const spot = wanted.find((name) => spots.some((node) => node.dataset.spot === name && !node.hidden));
  const node = spots.find((one) => one.dataset.spot === spot) || element.querySelector(".cards");
  node.focus({ preventScroll: !spot });
  if (spot === focus.spot && focus.typed && node.tagName === "INPUT") {
    node.value = focus.typed.value;
    node.setSelectionRange(focus.typed.start, focus.typed.end);
  }
}
