// What is asked about files that have arrived, in place, while they wait; and how far they are on their way.

import { find, findA, make, makeButton, setText } from "../dom.js";
import { watchUploads } from "./uploading.js";
import { nameZones } from "./zones.js";

/** @import { Props, Question, Trigger, Watch } from '../types.d.ts' */

/**
 * `value`: the question as JSON, "null" for none. `trigger("answer", {name, manner})` goes on, `trigger("leave")` does not.
 * @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void}
 */
export function mountQuestion(element, props, trigger, watch) {
  const box = find(element, ".question");
  const form = find(box, ".question-name");
  const field = findA(HTMLInputElement, form, "input");
  const choices = find(box, ".question-choices");
  const leave = find(box, ".question-leave");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trigger("answer", { name: field.value, manner: "" });
  });
  leave.addEventListener("click", () => trigger("leave", {}));
  nameZones();
  let sent = "";
  const draw = () => {
    /** @type {Question | null} */
    const question = JSON.parse(props.value || "null");
    const works = sent !== "" || question?.kind === "work";
    box.hidden = !works && !question;
    box.classList.toggle("working", works);
    setText(find(box, ".question-text"), sent || question?.text || "");
    form.hidden = works || question?.kind !== "name";
    leave.hidden = works;
    choices.replaceChildren(...(works ? [] : question?.choices ?? []).map(({ manner, title, words }) => {
      const button = makeButton("", undefined, () => trigger("answer", { manner }));
      button.append(make("b", "", title), make("small", "", words));
      return button;
    }));
    tellOfOlderSet(works);
    if (question && !works) askInSight(box);
  };
  const uploads = watchUploads((text) => { sent = text; draw(); });
  watch("value", () => uploads.end());
  draw();
}

/** The hand goes on at the first thing to answer with. @type {(box: HTMLElement) => void} */
function askInSight(box) {
  const first = [...box.querySelectorAll("input, button")].find((node) => node instanceof HTMLElement && node.offsetParent);
  if (first instanceof HTMLElement) first.focus();
  box.scrollIntoView({ block: "nearest" });
}

/** A bar across the explorer, while it shows a set that is about to be another one. @type {(due: boolean) => void} */
function tellOfOlderSet(due) {
  const before = document.querySelector("#older-set");
  if (!due) return before?.remove();
  if (before) return;
  const bar = make("p", "", "New pictures are on their way; what you see belongs to the set before them.");
  bar.id = "older-set";
  bar.setAttribute("role", "status");
  document.querySelector("#explorer")?.prepend(bar);
}
