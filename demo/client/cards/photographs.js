// The photographs that come with the installation: a click asks about one.

import { find, make, makeButton } from "../dom.js";

/** @import { Photograph, Props, Trigger, Watch } from '../types.d.ts' */

/** `value`: the photographs as JSON. @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void} */
export function mountPhotographs(element, props, trigger, watch) {
  const row = find(element, ".photographs");
  const draw = () => {
    /** @type {Photograph[]} */
    const photographs = JSON.parse(props.value || "[]");
    row.replaceChildren(...photographs.map(({ name, thumb }) => {
      const button = makeButton("photograph", "", () => trigger("photograph", { name }), `Ask about the photograph: ${name}`);
      const image = make("img");
      image.src = thumb;
      image.alt = "";
      button.append(image);
      return button;
    }));
  };
  watch("value", draw);
  draw();
}
