// The page's camera: the one component through which recordings and live prediction ask the server.

import { find } from "../dom.js";
import { createLive } from "./live.js";
import { connect, receive } from "./talk.js";

/** @import { Props, Trigger, Watch } from '../types.d.ts' */

/**
 * `element`, `props`, `trigger` and `watch` come from gradio's HTML component; its value is the newest answer.
 * @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void}
 */
export function mountCamera(element, props, trigger, watch) {
  connect(trigger);
  createLive(find(element, ".live"));
  const read = () => receive(props.value);
  watch("value", read);
  read();
}
