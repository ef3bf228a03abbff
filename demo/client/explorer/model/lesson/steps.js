// The six steps of the lesson. A step asks before it shows, and what it tells is chosen by what happens on the set that
// is on the page: one whose effect does not occur there says so, and why.

import { formatGamma, formatPercent } from "../numbers.js";
import { choosing, fading } from "./dragging.js";
import { SLACK } from "./facts.js";
import { elsewhereMissing, pathText, points, statisticsText, taughtText } from "./words.js";

/** @import { LessonStep } from '../../../types.d.ts' */

const NEW_WORDS = "New words";
const CLIP = { beta: 0, gamma: 0 };
const EVERYWHERE = { beta: 1, gamma: 0 };
const SHOTS_ONLY = { beta: 1, gamma: Infinity };

/** @type {LessonStep} */
const knows = {
  title: "What it knows", kind: "choice", example: NEW_WORDS, opens: () => CLIP,
  question: (facts, { puzzle }) => (puzzle
    ? `This picture shows \u201c${puzzle.truth}\u201d. Nothing is applied yet: what will CLIP call it?`
    : "This set has no pictures of taught classes to guess about. What CLIP knows is told at once."),
  choices: (_, { puzzle }) => puzzle?.choices ?? [],
  truth: (_, { puzzle }) => puzzle?.right ?? null,
  shows: () => CLIP,
  picture: (_, { puzzle }) => puzzle?.picture ?? -1,
  told(facts, { puzzle }) {
    const { seen } = facts.clip;
    const said = puzzle ? `CLIP is ${formatPercent(puzzle.sure)} % sure. ` : "";
    const knew = puzzle && puzzle.choices[puzzle.right] === puzzle.truth
      ? "It is right about every such picture: on this set there is little to teach. " : "";
    const taught = seen === null ? "" : `Of the classes to be taught it names ${points(seen)} % right. `;
    const { kept } = facts;
    const other = kept ? `${kept.word === "Elsewhere" ? "Elsewhere" : "Of those not taught"} it is right on `
      + `${points(kept.before)} %: that is what should stay. ` : "";
    return said + knew + taught + other + elsewhereMissing(facts);
  },
};

/** @type {LessonStep} */
const everywhere = {
  title: "Teach everywhere", kind: "number", example: NEW_WORDS, opens: () => CLIP,
  question(facts) {
    const { kept } = facts;
    if (!kept) {
      return `${elsewhereMissing(facts)}Nor has it pictures of classes not taught: there is nothing to predict.`;
    }
    const where = kept.word === "Elsewhere" ? "Elsewhere, on pictures of other things" : "On the classes not taught";
    return `Now apply what was learned everywhere alike (\u03b2 1, \u03b3 0). ${where}, CLIP is right on `
      + `${points(kept.before)} %. Where will that land?`;
  },
  truth: (facts) => facts.kept?.of(facts.at(1, 0)) ?? null,
  mark: ({ kept }) => kept?.before ?? null,
  shows: () => EVERYWHERE,
  told(facts) {
    const { kept, clip } = facts;
    const after = facts.at(1, 0);
    if (!kept) return elsewhereMissing(facts) + taughtText(clip, after) + statisticsText(facts);
    const value = kept.of(after);
    const names = after.names ? `, and ${after.names} everyday names have moved noticeably` : "";
    const path = `${pathText(kept.word, kept.before, value)}${names}. ${taughtText(clip, after)}`;
    const missing = (kept.word === "Elsewhere" ? "" : elsewhereMissing(facts)) + statisticsText(facts);
    if (value < kept.before - SLACK) {
      return `${path}A few pictures were asked about, and all others are moved with them. ${missing}`;
    }
    if (value > kept.before + SLACK) {
      return `${path}No loss on this set: what was learned of the taught holds for these, too. ${missing}`;
    }
    return `${path}The loss does not occur on this set: all are moved, but not so far that other answers win. ${missing}`;
  },
};

/** @type {LessonStep} */
const tooLocal = {
  title: "Too local", kind: "choice", example: NEW_WORDS, opens: () => ({ beta: 1, gamma: 5 }),
  question: (facts) => (facts.onShots
    ? "\u03b3 goes to \u221e: only the taught pictures themselves are moved. Can answers to other pictures still change?"
    : "\u03b3 goes to \u221e: only the taught pictures themselves are moved, and none of the test pictures is one. Can their "
      + "answers still change?"),
  choices: () => ["No", "Yes"],
  truth: (facts) => Number(facts.at(1, Infinity).changed > facts.onShots),
  shows: () => SHOTS_ONLY,
  picture: (facts) => facts.firstChanged(SHOTS_ONLY),
  told(facts) {
    const { changed, seen } = facts.at(1, Infinity);
    const shots = facts.onShots ? `${facts.onShots} of the pictures are taught ones themselves. ` : "";
    if (changed <= facts.onShots) {
      return `${shots}None of the others does on this set: the names of the taught classes do move, by \u03b2, but not so far `
        + `that an answer changes. ${statisticsText(facts)}`;
    }
    const gamma = facts.bestForTaught;
    const best = facts.at(1, gamma).seen;
    const start = `${shots}${changed} of ${facts.counted} answers differ from CLIP\u2019s, though \u03b1 of their pictures is 0: the `
      + `names of the taught classes have moved, which are taught as well. ${statisticsText(facts)}`;
    if (seen === null || best === null) return start;
    if (seen < best - SLACK) {
      return `${start}Taught is ${points(seen)}, at \u03b3 ${formatGamma(gamma)} it is `
        + `${points(best)}: learned by heart, of little use for new pictures.`;
    }
    return `${start}Taught is ${points(seen)}, and no \u03b3 does better: on this set the names ${
      facts.statistics ? "and the statistics do" : "do"} all the work.`;
  },
};

/** @type {LessonStep} */
const yours = {
  title: "Yours", kind: "choice", example: null, leads: ["teach", "ask"], opens: () => null,
  question: () => "Teach two things of your own, five pictures each, then ask about something foreign. Does its verdict, familiar "
    + "or not, change as \u03b3 moves?",
  choices: () => ["No", "Yes"],
  truth: () => 0,
  shows: () => null,
  told(facts, { setting }) {
    const { asked } = facts;
    const own = facts.preset ? "This is still an example, so try it: Teach, then Ask. " : "";
    const found = asked === null ? "You have not asked about a picture yet. "
      : `Your last picture has a cosine of ${asked.toFixed(2)} to the nearest taught one, at any \u03b3; `
        + `at \u03b3 ${formatGamma(setting.gamma)} a share of `
        + `${facts.share(asked, setting.gamma).toFixed(2)} of the update reaches it. `;
    const from = facts.familiarFrom === null ? "" : `From ${facts.familiarFrom.toFixed(2)} on a picture is familiar. `;
    return `The verdict compares the picture\u2019s cosine with those among the shots, and \u03b3 is not in it. ${from}${own}${found}`
      + "Challenge: find two things for which \u03b3 0 costs nothing elsewhere. What do they have in common?";
  },
};

/** @type {LessonStep[]} */
export const LESSON = [knows, everywhere, fading, tooLocal, choosing, yours];
