// How the lesson says things: settings, accuracies, and how far a prediction was from the truth.

import { formatGamma } from "../numbers.js";

/** @import { Setting, Summary } from '../../../types.d.ts' */
/** @import { Facts } from "./facts.js" */

/** Predictions so near to the truth, in points, are told as right. */
const NEAR = 2;

export const NO_ELSEWHERE = "This set has no pictures from elsewhere to tell more by. ";

/** @type {(value: number) => string} */
export function points(value) {
  return value.toFixed(1);
}

/** @type {(setting: Setting) => string} */
export function settingText({ beta, gamma }) {
  return beta === 0 ? "CLIP (\u03b2 0)" : `\u03b2 ${Number(beta.toFixed(3))}, \u03b3 ${formatGamma(gamma)}`;
}

/**
 * What happens to the taught classes; "" where no test picture tells.
 * @type {(before: Summary, after: Summary) => string}
 */
export function taughtText(before, after) {
  if (before.seen === null || after.seen === null) return "";
  return `${pathText("Taught", before.seen, after.seen)}. `;
}

/** @type {(word: string, before: number, after: number) => string} */
export function pathText(word, before, after) {
  const [from, to] = [points(before), points(after)];
  return from === to ? `${word} stays at ${to}` : `${word} goes from ${from} to ${to}`;
}

/** @type {(facts: Facts) => string} */
export function elsewhereMissing({ clip }) {
  return clip.elsewhere === null ? NO_ELSEWHERE : "";
}

/** What the update alone does not account for; "" where it does. @type {(facts: Facts) => string} */
export function statisticsText({ statistics }) {
  return statistics ? "Class statistics are on and count in these numbers; \u03b3 has no say in them. " : "";
}

/** A guessed number beside the true one. @type {(guess: number, truth: number) => string} */
export function gapText(guess, truth) {
  const gap = guess - truth;
  if (Math.abs(gap) <= NEAR) return `Well guessed: you said ${Math.round(guess)}, it is ${points(truth)}.`;
  return `You said ${Math.round(guess)}, it is ${points(truth)}: ${points(Math.abs(gap))} points ${gap > 0
    ? "less" : "more"}.`;
}

/** A choice beside the one that holds. @type {(choices: string[], guess: number, truth: number) => string} */
export function verdictText(choices, guess, truth) {
  return guess === truth
    ? "\u2713 As you said." : `\u2717 You said \u201c${choices[guess]}\u201d, it is \u201c${choices[truth]}\u201d.`;
}
