// The better models in one line: a click leads to the panel that loads one.

import { find, makeButton } from "../dom.js";

/** @import { Offer, Props, Trigger, Watch } from '../types.d.ts' */

/** `value`: the offers as JSON. @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void} */
export function mountOffers(element, props, trigger, watch) {
  const line = find(element, ".offers");
  const lead = find(line, "span");
  const draw = () => {
    /** @type {Offer[]} */
    const offers = JSON.parse(props.value || "[]");
    line.hidden = !offers.length;
    line.replaceChildren(lead, ...offers.map(({ name, words }) => (
      makeButton("", words, () => trigger("offer", { name }), `Look at the model ${words} before it is loaded`)
    )));
  };
  watch("value", draw);
  draw();
}
