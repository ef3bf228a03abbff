// The steps of the lesson. Their verdicts are computed from the set that is on the page, none is written down.

import { formatGamma } from "./numbers.js";
import { GAMMA_STOPS, gammaAt } from "./scales.js";
import { directionOf } from "./summary.js";

/** @import { Summary } from '../../types.d.ts' */

/**
 * @typedef {(beta: number, gamma: number) => Summary} OutcomeAt
 * @typedef {{ right: number | null, text: string }} Verdict
 * @typedef {{ title: string, beta: number, gamma: number, question: string, choices: string[],
 *   told: (at: OutcomeAt, clip: Summary) => Verdict }} LessonStep
 */

const LESSON_BETA = 0.5;
const LESSON_GAMMA = 20;
const NO_UNSEEN = "This set has no test pictures of unseen classes; choose one of the examples to see it.";

/**
 * Each step: the setting it shows, the question, the choices, and `told(at, clip)` -> {right, text}: the number of the
 * choice that holds (null where the set cannot say) and the explanation. `at(beta, gamma)` gives a summary.
 * @type {LessonStep[]}
 */
export const LESSON = [
  {
    title: "No update", beta: 0, gamma: LESSON_GAMMA,
    question: "Beta goes to 0. How many predictions will differ from those of CLIP?",
    choices: ["None", "Some"],
    told: (at) => {
      const { changed } = at(0, LESSON_GAMMA);
      return { right: changed ? 1 : 0, text: `${changed} differ. Beta is the share of the update at an anchor; with `
        + "none of it, every embedding is the frozen one and LLU is CLIP." };
    },
  },
  {
    title: "Everywhere", beta: LESSON_BETA, gamma: 0,
    question: "Gamma goes to 0: the update applies everywhere alike. What happens to the classes that were not "
      + "trained?",
    choices: ["They get worse", "They stay", "They get better"],
    told: (at, clip) => {
      const { unseen, seen } = at(LESSON_BETA, 0);
      if (unseen === null || clip.unseen === null) return { right: null, text: NO_UNSEEN };
      const trained = seen === null || clip.seen === null ? ""
        : `, seen ones from ${clip.seen.toFixed(1)} to ${seen.toFixed(1)} %`;
      return { right: directionOf(unseen, clip.unseen), text: `Unseen classes go from ${clip.unseen.toFixed(1)} to `
        + `${unseen.toFixed(1)} %${trained}. `
        + "A map learned from a few classes moves all others too, where nobody asked it to." };
    },
  },
  {
    title: "Nearby", beta: LESSON_BETA, gamma: LESSON_GAMMA,
    question: "Gamma goes from 0 to 20: the update fades with distance. Compared with step 2, will more or fewer "
      + "predictions differ from CLIP?",
    choices: ["Fewer", "As many", "More"],
    told: (at) => {
      const [everywhere, nearby] = [at(LESSON_BETA, 0).changed, at(LESSON_BETA, LESSON_GAMMA).changed];
      return { right: directionOf(nearby, everywhere), text: `${everywhere} differ with the update everywhere, `
        + `${nearby} with it nearby. `
        + "Pictures far from every anchor keep what CLIP says of them." };
    },
  },
  {
    title: "Only anchors", beta: LESSON_BETA, gamma: Infinity,
    question: "Gamma goes to infinity: only the anchors themselves move, and no test picture is one. Can test "
      + "predictions still change?",
    choices: ["No", "Yes"],
    told: (at) => {
      const { changed } = at(LESSON_BETA, Infinity);
      return { right: changed ? 1 : 0, text: `${changed} still differ. The texts of the trained classes are anchors `
        + "as well: they move by beta, and a picture that stays where it is can be nearer to a text that has moved." };
    },
  },
  {
    title: "The balance", beta: LESSON_BETA, gamma: LESSON_GAMMA,
    question: "Somewhere between everywhere and nowhere the harmonic mean of seen and unseen is highest. Where, at "
      + "beta .5?",
    choices: ["Gamma below 5", "From 5 to 50", "Above 50"],
    told: (at) => {
      const tried = Array.from({ length: GAMMA_STOPS / 4 + 1 }, (_, step) => gammaAt(4 * step));
      const scores = tried.map((gamma) => at(LESSON_BETA, gamma).harmonic).filter((score) => score !== null);
      if (!scores.length) return { right: null, text: NO_UNSEEN };
      const best = tried[scores.indexOf(Math.max(...scores))];
      const top = Math.max(...scores).toFixed(1);
      return { right: best < 5 ? 0 : best <= 50 ? 1 : 2, text: `At gamma ${formatGamma(best)}, with ${top} %. `
        + "It was found by looking at the test pictures, so it explains this set; a setting to report must be chosen "
        + "without them." };
    },
  },
];
