// The lesson: predict what a setting does, then see it happen on the set that is on the page.

import { findParts, makeButton, setText } from "../../dom.js";
import { LESSON } from "../model/lesson.js";
import { outcomeAt } from "../model/summary.js";

/** @import { Data, Panels, Summary } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {{ data: Data, clip: Int32Array }} Shown
 * @typedef {{ state: State, step: number, answered: boolean, shown: Shown | null }} LessonView
 * @typedef {Record<"steps" | "question" | "choices" | "outcome" | "next", HTMLElement>} Parts
 */

/** `state` knows which step is open. @type {(panel: HTMLElement, state: State) => Panels["lesson"]} */
export function createLesson(panel, state) {
  /** @type {LessonView} */
  const lesson = { state, step: 0, answered: false, shown: null };
  const parts = findParts(panel, ["steps", "question", "choices", "outcome", "next"], "lesson-");
  const begin = () => {
    lesson.step = state.step;
    lesson.answered = false;
    showStep(lesson, parts, (choice) => reveal(lesson, parts, choice));
  };
  parts.steps.replaceChildren(...LESSON.map(({ title }, at) => (
    makeButton("lesson-step", `${at + 1} ${title}`, () => state.openStep(at + 1)))));
  parts.next.addEventListener("click", () => state.openStep(lesson.step + 1));
  return {
    showData(data, clip) {
      lesson.shown = { data, clip: clip.slice() };
      begin();
    },
    begin,
    summary: () => ({ step: lesson.step, answered: lesson.answered }),
  };
}

/** @type {(lesson: LessonView, parts: Parts, answer: (choice: number) => void) => void} */
function showStep(lesson, parts, answer) {
  const step = LESSON[lesson.step - 1];
  parts.steps.querySelectorAll("button").forEach((button, at) => {
    if (at === lesson.step - 1) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
  setText(parts.question, step.question);
  setText(parts.outcome, "");
  parts.next.hidden = true;
  parts.choices.replaceChildren(...step.choices.map((text, choice) => (
    makeButton("lesson-choice", text, () => answer(choice)))));
}

/**
 * The sliders move only now, so that the prediction comes first.
 * @type {(lesson: LessonView, parts: Parts, choice: number) => void}
 */
function reveal(lesson, parts, choice) {
  if (!lesson.shown || lesson.answered) return;
  const { data, clip } = lesson.shown;
  lesson.answered = true;
  const step = LESSON[lesson.step - 1];
  lesson.state.moveTo(step.beta, step.gamma);
  lesson.state.release();
  /** @type {(beta: number, gamma: number) => Summary} */
  const at = (beta, gamma) => outcomeAt(data, clip, beta, gamma);
  const { right, text } = step.told(at, at(0, 0));
  parts.choices.querySelectorAll("button").forEach((button, index) => {
    button.disabled = true;
    button.dataset.verdict = index === right ? "right" : index === choice && right !== null ? "wrong" : "";
  });
  const missed = right === null ? "" : `\u2717 It is: ${step.choices[right]}. `;
  const verdict = choice === right ? "\u2713 As you said. " : missed;
  setText(parts.outcome, verdict + text);
  parts.next.hidden = lesson.step === LESSON.length;
}
