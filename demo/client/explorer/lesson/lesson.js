// The lesson, docked below the live explorer: predict what a setting does, see it happen on the set that is on the page,
// read how far off the prediction was, and why.

import { find, findA, findParts, makeButton, setText } from "../../dom.js";
import { openMode } from "../../modes/mode.js";
import { readLink } from "../link.js";
import { Facts } from "../model/lesson/facts.js";
import { LESSON } from "../model/lesson/steps.js";
import { gapText, verdictText } from "../model/lesson/words.js";
import { MOVING, RELEASED, SWITCHED, TURNED } from "../change.js";
import { makeChoices, makeDrag, makeLine } from "./answer.js";
import { printSheet } from "./sheet.js";

/** @import { Data, LessonStep, Paint, Panels, Scene, TabContext } from '../../types.d.ts' */
/** @import { State } from "../state.js" */
/** @import { Answer } from "./answer.js" */

/**
 * @typedef {Record<"steps" | "title" | "picture" | "question" | "outcome" | "answer", HTMLElement>} Parts
 * @typedef {TabContext & { parts: Parts, example: HTMLButtonElement, data: Data | null, facts: Facts | null, begun: number,
 *   scene: Scene, answer: Answer | null, answered: boolean, guess: number | null }} LessonView
 */

/** `state` knows which step is open. @type {(panel: HTMLElement, context: TabContext) => Panels["lesson"]} */
export function createLesson(panel, context) {
  const { state } = context;
  /** @type {LessonView} */
  const view = {
    ...context, parts: findParts(panel, ["steps", "title", "picture", "question", "outcome", "answer"], "lesson-"),
    example: findA(HTMLButtonElement, panel, ".lesson-example"), data: null, facts: null, begun: 0,
    scene: { puzzle: null, setting: { beta: 0, gamma: 0 } }, answer: null, answered: false, guess: null,
  };
  view.parts.steps.replaceChildren(...LESSON.map(({ title }, at) => (
    makeButton("lesson-step", String(at + 1), () => state.openStep(at + 1), `Step ${at + 1}: ${title}`))));
  view.example.addEventListener("click", () => loadExample(view));
  find(panel, ".lesson-print").addEventListener("click", () => {
    if (view.facts) printSheet(view.facts, view.scene, state.data?.title ?? "", view.paint);
  });
  state.subscribe((kind) => {
    if (kind === MOVING || kind === RELEASED) follow(view, kind === RELEASED);
    if (kind === SWITCHED) askAnew(view);
    if (kind === TURNED && state.inLesson && view.begun !== state.step) begin(view);
  });
  return {
    showData(data, clip) {
      const sameModel = view.data?.id === data.id;
      Object.assign(view, { data, facts: new Facts(data, clip.slice()), begun: sameModel ? view.begun : 0 });
      if (!sameModel && state.inLesson) begin(view);
    },
    begin: () => begin(view),
    summary: () => ({ step: state.step, answered: view.answered, guess: view.guess }),
  };
}

/** @type {(view: LessonView) => LessonStep} */
function stepOf({ state }) {
  return LESSON[state.step - 1];
}

/** The step asks; `taken`: whether the keyboard goes on there. @type {(view: LessonView, taken?: boolean) => void} */
function begin(view, taken = true) {
  const { state, facts, parts } = view;
  if (!facts || !state.data) return;
  const step = stepOf(view);
  const opening = step.opens(facts);
  view.scene = { puzzle: facts.puzzle(state.selected), setting: opening ?? { beta: state.beta, gamma: state.gamma } };
  Object.assign(view, { begun: state.step, answered: false, guess: null });
  view.answer = makeAnswer(view, step, facts);
  if (opening) goTo(state, opening);
  markSteps(view, step);
  setText(parts.question, step.question(facts, view.scene));
  setText(parts.outcome, "");
  parts.answer.replaceChildren(...makeWays(step), view.answer.node);
  const picture = step === LESSON[0] ? view.scene.puzzle?.picture ?? -1 : -1;
  parts.picture.hidden = picture < 0;
  if (picture >= 0) view.paint(parts.picture, picture);
  follow(view, false);
  if (taken) parts.question.focus({ preventScroll: true });
}

/** Class statistics were switched, so that every number of the step may be another one. @type {(view: LessonView) => void} */
function askAnew(view) {
  if (view.state.inLesson) begin(view, false);
  else view.begun = 0; // when it is opened again
}

/** @type {(view: LessonView, step: LessonStep) => void} */
function markSteps({ parts, example, state }, step) {
  for (const [at, button] of [...parts.steps.querySelectorAll("button")].entries()) {
    if (at === state.step - 1) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
  setText(parts.title, step.title);
  example.hidden = step.example === null || step.example === state.data?.preset;
  setText(example, `Load \u201c${step.example ?? ""}\u201d`);
}

/** @type {(view: LessonView, step: LessonStep, facts: Facts) => Answer} */
function makeAnswer(view, step, facts) {
  const truth = step.truth(facts, view.scene);
  if (step.kind === "choice" && truth !== null) {
    return makeChoices(step.choices?.(facts, view.scene) ?? [], (choice) => reveal(view, choice));
  }
  if (step.kind === "number" && truth !== null) return makeLine(step.mark?.(facts) ?? null, (value) => reveal(view, value));
  return makeDrag(step.confirm ?? null, () => reveal(view, null), () => {
    const shown = step.shows(facts);
    if (shown) goTo(view.state, shown);
    reveal(view, null);
  });
}

/** The sliders go there, as by hand. @type {(state: State, setting: Scene["setting"]) => void} */
function goTo(state, { beta, gamma }) {
  if (state.beta === beta && state.gamma === gamma) return;
  state.moveTo(beta, gamma);
  state.release();
}

/**
 * What the sliders do is told while they move; the goal counts once the hand is off them.
 * @type {(view: LessonView, resting: boolean) => void}
 */
function follow(view, resting) {
  const { state, facts, answer } = view;
  const step = stepOf(view);
  if (!facts || !state.inLesson || view.begun !== state.step || view.answered || !step.live) return;
  const setting = { beta: state.beta, gamma: state.gamma };
  answer?.follow?.(step.live(facts, setting));
  if (resting && step.reached?.(facts, setting)) reveal(view, null);
}

/**
 * The sliders move only now, so that the prediction comes first.
 * @type {(view: LessonView, guess: number | null) => void}
 */
function reveal(view, guess) {
  const { state, facts, parts, answer } = view;
  if (!facts || view.answered) return;
  const step = stepOf(view);
  Object.assign(view, { answered: true, guess });
  view.scene.setting = { beta: state.beta, gamma: state.gamma };
  const [truth, shown, picture] = [
    step.truth(facts, view.scene), step.shows(facts), step.picture?.(facts, view.scene) ?? -1];
  const told = step.told(facts, view.scene);
  if (step.kind !== "drag" || step.confirm) if (shown) goTo(state, shown);
  if (picture >= 0) state.select(picture);
  const within = parts.answer.contains(document.activeElement);
  answer?.reveal(guess, truth);
  const verdict = guess === null || truth === null ? ""
    : step.kind === "number" ? gapText(guess, truth) : verdictText(step.choices?.(facts, view.scene) ?? [], guess, truth);
  setText(parts.outcome, `${verdict} ${told}`.trim());
  offerNext(view, within);
}

/**
 * What can be done next. The keyboard goes on there, but is not taken off the page's sliders.
 * @type {(view: LessonView, within: boolean) => void}
 */
function offerNext({ state, parts }, within) {
  if (state.step === LESSON.length) return;
  const next = parts.answer.appendChild(makeButton("lesson-next", "Next step", () => state.openStep(state.step + 1)));
  if (within) next.focus({ preventScroll: true });
}

/** The ways out of the lesson, to the modes that a step asks for. @type {(step: LessonStep) => HTMLElement[]} */
function makeWays({ leads = [] }) {
  return leads.map((mode) => makeButton("lesson-way", `Open ${mode[0].toUpperCase()}${mode.slice(1)}`, () => openMode(mode)));
}

/** The step goes on where its example is on the page. @type {(view: LessonView) => void} */
function loadExample(view) {
  const { example } = stepOf(view);
  if (!example) return;
  const hash = `#${new URLSearchParams({ set: example, lesson: String(view.state.step) })}`;
  view.state.awaitLink(readLink(hash));
  view.ask("link", { hash });
}
