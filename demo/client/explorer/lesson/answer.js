// How the learner answers: choices, a marker on a number line, or the page's own sliders with a button that says so.

import { make, makeButton, setAttributes, setText } from "../../dom.js";

/**
 * What is on show of an answer: `reveal(guess, truth)` marks both, `follow(text)` tells where the sliders are.
 * @typedef {{ node: HTMLElement, reveal(guess: number | null, truth: number | null): void, follow?(text: string): void }} Answer
 */

const MIDDLE = 50;
/** Labels nearer to each other than this, in points, would run into one another. */
const CLOSE = 14;

/**
 * One button a choice; the first press is the prediction.
 * @type {(choices: string[], answer: (choice: number) => void) => Answer}
 */
export function makeChoices(choices, answer) {
  const node = setAttributes(make("div", "lesson-choices"), { role: "group", "aria-label": "Your prediction" });
  const buttons = choices.map((text, choice) => makeButton("lesson-choice", text, () => answer(choice)));
  node.append(...buttons);
  return {
    node,
    reveal(guess, truth) {
      for (const [at, button] of buttons.entries()) {
        button.disabled = true;
        button.dataset.verdict = at === truth ? "right" : at === guess ? "wrong" : "";
      }
    },
  };
}

/**
 * A marker to drag along 0 to 100; `known` is marked beforehand with the word CLIP. It counts when the button says so, and
 * can be pressed once the marker has been moved.
 * @type {(known: number | null, answer: (value: number) => void) => Answer}
 */
export function makeLine(known, answer) {
  const node = setAttributes(make("div", "lesson-line untouched"), { role: "group", "aria-label": "Your prediction" });
  const track = node.appendChild(make("div", "lesson-track"));
  const marker = setAttributes(make("input", "lesson-marker"), {
    type: "range", min: 0, max: 100, step: 1, value: MIDDLE, "aria-label": "Your prediction, in percent",
    "aria-valuetext": "not placed yet",
  });
  const flags = track.appendChild(make("div", "lesson-flags"));
  const yours = flags.appendChild(makeFlag("yours", MIDDLE, "drag me"));
  const scale = makeScale(known);
  track.append(marker, scale);
  const confirm = node.appendChild(makeButton("lesson-confirm", "This is my guess", () => answer(Number(marker.value))));
  confirm.disabled = true;
  marker.addEventListener("input", () => {
    placeFlag(yours, Number(marker.value), `${marker.value} %`);
    marker.setAttribute("aria-valuetext", `${marker.value} percent`);
    confirm.disabled = false;
    node.classList.remove("untouched");
  });
  placeFlag(yours, MIDDLE, "drag me");
  return {
    node,
    reveal(guess, truth) {
      marker.disabled = true;
      confirm.remove();
      if (truth === null) return;
      for (const tick of scale.querySelectorAll("span")) if (Math.abs(Number(tick.dataset.at) - truth) < CLOSE) tick.remove();
      flags.append(makeFlag("truth", truth, `${truth.toFixed(1)} %`));
      if (guess !== null) flags.prepend(makeGap(guess, truth));
    },
  };
}

/** @type {(kind: string, at: number, text: string) => HTMLElement} */
function makeFlag(kind, at, text) {
  const flag = make("span", `lesson-flag ${kind}`);
  placeFlag(flag, at, text);
  return flag;
}

/** @type {(flag: HTMLElement, at: number, text: string) => void} */
function placeFlag(flag, at, text) {
  flag.style.setProperty("--at", String(at / 100));
  flag.dataset.at = String(at);
  setText(flag, text);
}

/** The way from the prediction to the truth. @type {(guess: number, truth: number) => HTMLElement} */
function makeGap(guess, truth) {
  const gap = make("i", "lesson-gap");
  gap.style.setProperty("--at", String(Math.min(guess, truth) / 100));
  gap.style.setProperty("--wide", String(Math.abs(guess - truth) / 100));
  return gap;
}

/** @type {(known: number | null) => HTMLElement} */
function makeScale(known) {
  const scale = setAttributes(make("div", "lesson-scale"), { "aria-hidden": "true" });
  const ticks = [0, 25, 50, 75, 100].filter((tick) => known === null || Math.abs(tick - known) >= CLOSE);
  scale.append(...ticks.map((tick) => makeFlag("tick", tick, String(tick))));
  if (known !== null) scale.append(makeFlag("known", known, "CLIP"));
  return scale;
}

/**
 * The page's sliders are the answer; `confirm` says so, `give up` has the page move them.
 * @type {(confirm: string | null, answer: () => void, giveUp: () => void) => Answer}
 */
export function makeDrag(confirm, answer, giveUp) {
  const node = make("div", "lesson-drag");
  const live = node.appendChild(make("p", "lesson-live"));
  const buttons = node.appendChild(make("div", "lesson-buttons"));
  if (confirm) buttons.append(makeButton("lesson-confirm", confirm, answer));
  buttons.append(makeButton("lesson-show", "Show me", giveUp));
  return {
    node,
    reveal() { buttons.remove(); },
    follow: (text) => setText(live, text),
  };
}
