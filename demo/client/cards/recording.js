// The buttons that record webcam pictures while they are held: on every card, and beside the name of a new class.

import { startRecording } from "../camera/recorder.js";
import { wireHold } from "../camera/hold.js";
import { findA, make, makeButton, setText } from "../dom.js";
import { hasClass, say, tidyName, whyNotAName } from "./state.js";

/** @import { Card, CardsState, RecordingTask } from '../types.d.ts' */

const TEXT = "Hold to record";

/**
 * `host` is where the pictures are shown while they come; `after(joined)` is called when the recording has ended.
 * @type {(state: CardsState, button: HTMLElement, wanted: Pick<RecordingTask, "name" | "manner" | "host">,
 *   after: (joined: number) => void) => void}
 */
function begin(state, button, wanted, after) {
  if (state.recording) return;
  say(state, "");
  button.classList.add("held");
  state.recording = startRecording({
    ...wanted, most: state.data.limits.shots,
    count(shots) { setText(button, `Recording ${shots}`); },
    done(joined, news) {
      state.recording = null;
      button.classList.remove("held");
      setText(button, TEXT);
      say(state, news);
      after(joined);
    },
  });
}

/** @type {(className: string, label: string) => HTMLButtonElement} */
function recordButton(className, label) {
  const button = makeButton(`plain record ${className}`, TEXT, undefined, label);
  button.title = `${label}: hold the button, or Space`;
  return button;
}

/**
 * The button of a card, and where its shots are shown. `drawn()`: what was put off meanwhile may be drawn.
 * @type {(state: CardsState, card: Card, drawn: () => void) => { button: HTMLElement, host: HTMLElement }}
 */
export function cardRecorder(state, card, drawn) {
  const host = make("div", "shots-host");
  const button = recordButton("on-card", `Record webcam pictures of ${card.name}`);
  button.dataset.spot = `record ${card.name}`;
  wireHold(button, () => begin(state, button, { name: card.name, manner: "", host }, drawn), () => state.recording?.stop());
  return { button, host };
}

/**
 * Where pictures of a new class are to go, in place, before the camera goes on; then the button is held again.
 * @type {(state: CardsState, name: string, form: HTMLElement, button: HTMLElement) => void}
 */
function askManner(state, name, form, button) {
  forgetQuestion(state);
  const box = make("div", "record-question");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Where the pictures go");
  box.append(...state.data.choices.map(({ manner, title, words }) => {
    const choice = makeButton("", undefined, () => {
      state.manner = { name, manner };
      forgetQuestion(state);
      say(state, `${title}: hold the button to record ${name}.`);
      button.focus();
    });
    choice.append(make("b", "", title), make("small", "", words));
    return choice;
  }));
  form.after(box);
  say(state, `Where shall the pictures of ${name} go?`);
}

/** @type {(state: CardsState) => void} */
export function forgetQuestion({ element }) {
  for (const box of element.querySelectorAll(".record-question")) box.remove();
}

/**
 * The button beside the field for a new class, which begins with its first pictures.
 * @type {(state: CardsState, form: HTMLElement, drawn: () => void) => void}
 */
export function addNewClassRecorder(state, form, drawn) {
  const field = findA(HTMLInputElement, form, ".new-name");
  const button = recordButton("for-new", "Record webcam pictures of a new class");
  button.dataset.spot = "record new";
  const host = make("div", "shots-host");
  const press = () => {
    const name = tidyName(field.value);
    const reason = whyNotAName(state, name);
    if (reason) return say(state, reason);
    const plain = hasClass(state, name) || !state.data.choices.length;
    if (!plain && state.manner?.name !== name) return askManner(state, name, form, button);
    begin(state, button, { name, manner: plain ? "" : state.manner?.manner ?? "", host }, (joined) => {
      if (joined) Object.assign(state, { manner: null });
      if (joined) field.value = "";
      drawn();
    });
  };
  wireHold(button, press, () => state.recording?.stop());
  form.append(button);
  form.after(host);
}
