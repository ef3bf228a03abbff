// The page's mode, which its style sheet goes by: explore, teach, ask or lesson. Whoever wants another one says so here.

/** @typedef {"explore" | "teach" | "ask" | "lesson"} Mode */

/** @type {Mode[]} */
export const MODES = ["explore", "teach", "ask", "lesson"];
const TURNED = "llu-mode";

/** @type {() => Mode} */
export function currentMode() {
  return MODES.find((mode) => mode === document.body.dataset.mode) ?? "explore";
}

/** @type {(mode: Mode) => void} */
export function openMode(mode) {
  const before = currentMode();
  document.body.dataset.mode = mode;
  if (mode !== before) document.dispatchEvent(new CustomEvent(TURNED));
}

/** `listener(mode)` is called after every change. @type {(listener: (mode: Mode) => void) => void} */
export function onMode(listener) {
  document.addEventListener(TURNED, () => listener(currentMode()));
}
