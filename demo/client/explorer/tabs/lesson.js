// The lesson: predict what a setting does, then see it happen on the set that is on the page.

import { makeButton, setText } from "../../dom.js";
import { LESSON } from "../model/lesson.js";
import { outcomeAt } from "../model/summary.js";

/** `state` knows which step is open. */
export function createLesson(panel, { state }) {
  const part = (name) => panel.querySelector(`.lesson-${name}`);
  const lesson = { state, step: 0, answered: false, data: null, clip: null };
  const names = ["steps", "question", "choices", "outcome", "next"];
  const parts = Object.fromEntries(names.map((name) => [name, part(name)]));
  const begin = () => {
    lesson.step = state.step;
    lesson.answered = false;
    showStep(lesson, parts, (choice) => reveal(lesson, parts, choice));
  };
  const open = (step) => (step === lesson.step ? begin() : state.openStep(step));
  parts.steps.replaceChildren(...LESSON.map(({ title }, at) => (
    makeButton("lesson-step", `${at + 1} ${title}`, () => open(at + 1)))));
  parts.next.addEventListener("click", () => open(lesson.step + 1));
  return {
    showData(data, clip) {
      Object.assign(lesson, { data, clip: clip.slice() });
      begin();
    },
    /** Another step may be open now; one that stays keeps its answer. */
    turn() { if (state.step !== lesson.step) begin(); },
    state: () => ({ step: lesson.step, answered: lesson.answered }),
  };
}

function showStep(lesson, parts, answer) {
  const step = LESSON[lesson.step - 1];
  [...parts.steps.children].forEach((button, at) => {
    if (at === lesson.step - 1) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
  setText(parts.question, step.question);
  setText(parts.outcome, "");
  parts.next.hidden = true;
  parts.choices.replaceChildren(...step.choices.map((text, choice) => (
    makeButton("lesson-choice", text, () => answer(choice)))));
}

/** The sliders move only now, so that the prediction comes first. */
function reveal(lesson, parts, choice) {
  if (!lesson.data || lesson.answered) return;
  lesson.answered = true;
  const step = LESSON[lesson.step - 1];
  lesson.state.moveTo(step.beta, step.gamma);
  lesson.state.release();
  const at = (beta, gamma) => outcomeAt(lesson.data, lesson.clip, beta, gamma);
  const { right, text } = step.told(at, at(0, 0));
  [...parts.choices.children].forEach((button, index) => {
    button.disabled = true;
    button.dataset.verdict = index === right ? "right" : index === choice && right !== null ? "wrong" : "";
  });
  const missed = right === null ? "" : `\u2717 It is: ${step.choices[right]}. `;
  const verdict = choice === right ? "\u2713 As you said. " : missed;
  setText(parts.outcome, verdict + text);
  parts.next.hidden = lesson.step === LESSON.length;
}
