// The line that says what to look for on an example.

import { find, setText } from "../../dom.js";

/** @import { Panels } from '../../types.d.ts' */

/** @type {(root: HTMLElement) => Panels["caption"]} */
export function createCaption(root) {
  const node = find(root, ".caption");
  return {
    show(text) {
      node.hidden = text === "";
      setText(node, text);
      node.title = text;
    },
  };
}
