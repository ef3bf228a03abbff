// The buttons that turn the page from one mode to another, and the menu of what can be taken home.

import { around, find, findA, setPressed } from "../dom.js";
import { currentMode, MODES, onMode, openMode } from "./mode.js";

/** @import { Props, Trigger, Watch } from '../types.d.ts' */
/** @import { Mode } from './mode.js' */

/** Where the hand goes on in a mode that has a panel of its own. @type {Record<string, string>} */
const FIRST = { teach: "#teach", ask: "#ask", lesson: "#lesson" };

/** Where pictures are brought and asked about: the server hears of the first, and loads what reads them. @type {Set<Mode>} */
const READING = new Set(["teach", "ask"]);

/**
 * `element` comes from gradio's HTML component; the buttons need no answer of the server.
 * @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void}
 */
export function mountModes(element, props, trigger) {
  const options = new URLSearchParams(window.location.search);
  document.body.classList.toggle("projected", options.has("stage"));
  const hidden = (options.get("hide") ?? "").split(",").filter((name) => /^[a-z]+$/.test(name));
  document.body.classList.add(...hidden.map((name) => `hide-${name}`));
  const buttons = [...element.querySelectorAll("button")].filter((button) => button.dataset.mode);
  for (const button of buttons) {
    const mode = MODES.find((one) => one === button.dataset.mode) ?? "explore";
    button.addEventListener("click", () => {
      openMode(currentMode() === mode ? "explore" : mode);
      moveTo(FIRST[currentMode()]);
    });
  }
  const show = () => { for (const button of buttons) setPressed(button, button.dataset.mode === currentMode()); };
  let told = false;
  onMode((mode) => {
    show();
    if (told || !READING.has(mode)) return;
    told = true;
    trigger("reading", {});
  });
  openMode(MODES.find((mode) => mode === options.get("mode")) ?? currentMode());
  show();
  wireRoving([...element.querySelectorAll("button")]);
  wireSaveMenu(findA(HTMLButtonElement, element, ".save-button"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && around(event, "#teach") && currentMode() === "teach") {
      openMode("explore");
      find(element, "[data-mode=teach]").focus();
    }
  });
}

/** One stop of the keyboard for all of them; the arrow keys go from one to the next. @type {(buttons: HTMLElement[]) => void} */
function wireRoving(buttons) {
  /** @type {(wanted: HTMLElement) => void} */
  const stopAt = (wanted) => { for (const button of buttons) button.tabIndex = button === wanted ? 0 : -1; };
  stopAt(buttons[0]);
  for (const [at, button] of buttons.entries()) {
    button.addEventListener("focus", () => stopAt(button));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) buttons[(at + step + buttons.length) % buttons.length].focus();
    });
  }
}

/** The focus goes to a panel that was opened, and the page with it. @type {(selector: string | undefined) => void} */
function moveTo(selector) {
  const panel = selector ? document.querySelector(selector) : null;
  if (!(panel instanceof HTMLElement)) return;
  panel.tabIndex = -1;
  panel.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

/** It closes on Escape, and on a click anywhere else. @type {(button: HTMLButtonElement) => void} */
function wireSaveMenu(button) {
  /** @type {(open: boolean) => void} */
  const set = (open) => {
    button.setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("saving", open);
  };
  button.addEventListener("click", () => {
    set(button.getAttribute("aria-expanded") !== "true");
    if (document.body.classList.contains("saving")) moveTo("#save");
  });
  document.addEventListener("pointerdown", (event) => {
    if (!around(event, "#save, .save-button")) set(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("saving")) return;
    set(false);
    button.focus();
  });
}
