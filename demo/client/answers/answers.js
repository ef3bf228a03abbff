// The answers that were added by name, each with a button that takes it away again.

import { find, make, makeButton } from "../dom.js";

/** @import { Props, Trigger, Watch } from '../types.d.ts' */

/** `value`: their names as JSON. @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void} */
export function mountAnswers(element, props, trigger, watch) {
  const list = find(element, ".answers");
  const draw = () => {
    /** @type {string[]} */
    const names = JSON.parse(props.value || "[]");
    list.hidden = !names.length;
    list.replaceChildren(...names.map((name) => {
      const chip = make("li");
      const text = make("span", "", name);
      text.title = name;
      const remove = () => trigger("remove", { name });
      chip.append(text, makeButton("", "\u00d7", remove, `Remove the possible answer ${name}`));
      return chip;
    }));
  };
  watch("value", draw);
  draw();
}
