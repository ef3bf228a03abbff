// The teacher's sheet: the questions of the lesson with room for predictions, and a key for the set that is on the page.
// It is a document of its own, in a frame that is never seen, so that it prints without the page around it.

import { make, setText } from "../../dom.js";
import { LESSON } from "../model/lesson/steps.js";

/** @import { LessonStep, Paint, Scene } from '../../types.d.ts' */
/** @import { Facts } from "../model/lesson/facts.js" */

const STYLE = `
@page { size: A4; margin: 12mm 14mm; }
body { margin: 0; font: 10.4pt/1.35 system-ui, sans-serif; color: #111; background: #fff; }
h1 { margin: 0; font-size: 16pt; } h2 { margin: 0; font-size: 10.6pt; } p { margin: 1mm 0; }
header span { white-space: nowrap; }
header { display: flex; justify-content: space-between; align-items: baseline; margin-bottom: 2mm; }
.question { display: grid; grid-template-columns: 7mm 1fr auto; gap: 0 2mm; padding: 2mm 0; border-top: 0.3mm solid #999; break-inside: avoid; }
.question > b { font-size: 13pt; } .picture { width: 18mm; height: 18mm; background-repeat: no-repeat; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.line { position: relative; height: 8mm; margin: 3mm 6mm 0 1mm; border-top: 0.4mm solid #111; }
.line span { position: absolute; top: -1mm; padding-top: 2.2mm; transform: translateX(-50%); font-size: 8.5pt; background: linear-gradient(#111, #111) top center / 0.3mm 2mm no-repeat; }
.choices { display: flex; flex-wrap: wrap; gap: 1mm 7mm; } .choices span::before { content: "\\25A1\\00A0"; font-size: 13pt; }
.why { display: flex; gap: 2mm; align-items: flex-end; margin-top: 1.5mm; } .why i { flex: 1; height: 5mm; border-bottom: 0.2mm dotted #555; }
.key { margin-top: 3mm; padding-top: 2mm; border-top: 0.4mm dashed #555; font-size: 8.4pt; line-height: 1.3; break-inside: avoid; }
.key ol { margin: 1mm 0 0; padding-left: 5mm; }`;

/** @type {(facts: Facts, scene: Scene, title: string, paint: Paint) => void} */
export function printSheet(facts, scene, title, paint) {
  document.querySelector(".lesson-sheet")?.remove();
  const frame = make("iframe", "lesson-sheet");
  frame.title = "Sheet to print";
  frame.setAttribute("aria-hidden", "true");
  frame.tabIndex = -1;
  Object.assign(frame.style, { position: "fixed", width: "0", height: "0", border: "0", visibility: "hidden" });
  document.body.append(frame);
  const sheet = frame.contentDocument;
  if (!sheet) return;
  sheet.title = `Localized Latent Updates: ${title}`;
  const style = sheet.head.appendChild(make("style"));
  setText(style, STYLE);
  sheet.body.append(
    makeHead(title), ...LESSON.map((step, at) => makeQuestion(facts, scene, step, at, paint)), makeKey(facts, scene));
  frame.contentWindow?.print();
}

/** @type {(title: string) => HTMLElement} */
function makeHead(title) {
  const head = make("header");
  head.append(make("h1", "", "Teach a model new things without making it forget"), make("span", "", "Name: ____________________"));
  const all = make("div");
  all.append(head, make("p", "", `Predict first, then try it on the page (mode Lesson), with the example \u201c${title}\u201d. `
    + "Then write why it was so."));
  return all;
}

/** @type {(facts: Facts, scene: Scene, step: LessonStep, at: number, paint: Paint) => HTMLElement} */
function makeQuestion(facts, scene, step, at, paint) {
  const node = make("section", "question");
  const text = make("div");
  const choices = step.choices?.(facts, scene) ?? [];
  text.append(make("h2", "", `${step.title}. ${step.question(facts, scene)}`));
  if (step.kind === "number") text.append(makeNumberLine());
  else if (choices.length) text.append(makeBoxes(choices));
  else text.append(makeBlank("I expect, and find:"));
  text.append(makeBlank("Why?"));
  node.append(make("b", "", String(at + 1)), text);
  if (at === 0 && scene.puzzle) paint(node.appendChild(make("span", "picture")), scene.puzzle.picture);
  return node;
}

/** @type {() => HTMLElement} */
function makeNumberLine() {
  const line = make("div", "line");
  for (let value = 0; value <= 100; value += 10) {
    const tick = line.appendChild(make("span", "", String(value)));
    tick.style.left = `${value}%`;
  }
  return line;
}

/** @type {(choices: string[]) => HTMLElement} */
function makeBoxes(choices) {
  const boxes = make("div", "choices");
  boxes.append(...choices.map((choice) => make("span", "", choice)));
  return boxes;
}

/** @type {(label: string) => HTMLElement} */
function makeBlank(label) {
  const blank = make("div", "why");
  blank.append(make("span", "", label), make("i"));
  return blank;
}

/** The answers, computed as the lesson itself computes them. @type {(facts: Facts, scene: Scene) => HTMLElement} */
function makeKey(facts, scene) {
  const key = make("section", "key");
  const list = make("ol");
  for (const step of LESSON) list.append(make("li", "", answerOf(facts, scene, step)));
  key.append(make("b", "", "Key, computed from this set (fold back)"), list);
  return key;
}

/** @type {(facts: Facts, scene: Scene, step: LessonStep) => string} */
function answerOf(facts, scene, step) {
  const there = { ...scene, setting: step.shows(facts) ?? scene.setting };
  const truth = step.truth(facts, there);
  const choice = truth === null ? undefined : step.choices?.(facts, there)[truth];
  return `${choice ? `${choice}. ` : ""}${step.told(facts, there)}`;
}
