// What to look for on an example, in a line whose numbers are computed from the set that is on the page.

import { DASH } from "./numbers.js";
import { outcomeAt } from "./summary.js";

/** @import { Caption, Data, Summary } from '../../types.d.ts' */

/** What stands in braces, and what it is in a summary. @type {Record<string, keyof Summary>} */
const WORDS = { taught: "seen", untaught: "unseen", elsewhere: "elsewhere", names: "names", changed: "changed" };
const COUNTS = new Set(["names", "changed"]);

/**
 * The caption with its numbers: at its own setting, after "clip:" those without an update, after "beyond:" those where
 * it leads to. "" where there is none.
 * @type {(data: Data, clip: Int32Array) => string}
 */
export function captionOf(data, clip) {
  const { caption } = data;
  if (!caption) return "";
  const at = {
    clip: outcomeAt(data, clip, 0, 0), here: outcomeAt(data, clip, caption.beta, caption.gamma),
    beyond: outcomeAt(data, clip, caption.beyond.beta, caption.beyond.gamma),
  };
  return caption.text.replace(/\{(?:(clip|beyond):)?(\w+)\}/g, (all, where, word) => (
    Object.hasOwn(WORDS, word) ? numberIn(at[/** @type {keyof typeof at} */ (where ?? "here")], word) : all));
}

/** @type {(summary: Summary, word: string) => string} */
function numberIn(summary, word) {
  const value = summary[WORDS[word]];
  if (value === null) return DASH;
  return COUNTS.has(word) ? String(value) : value.toFixed(1).replace(/\.0$/, "");
}
