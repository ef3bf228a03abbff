// The two steps of the lesson in which the learner moves the page's own sliders: until what was lost is back, and to
// where it is best. Both tell at every setting how far it is from the goal.

import { formatGamma } from "../numbers.js";
import { SLACK } from "./facts.js";
import { elsewhereMissing, points, settingText, statisticsText, taughtText } from "./words.js";

/** @import { LessonStep, Setting } from '../../../types.d.ts' */
/** @import { Facts } from "./facts.js" */

const EVERYWHERE = { beta: 1, gamma: 0 };

/** @type {(facts: Facts) => "nothing" | "kept" | "never" | "lost"} */
function lossOf(facts) {
  if (!facts.kept) return "nothing";
  if (facts.keeps(facts.at(1, 0))) return "kept";
  return facts.firstKeeping === null ? "never" : "lost";
}

/** The price that the taught classes pay for it. @type {(facts: Facts, setting: Setting) => string} */
function priceOf(facts, { beta, gamma }) {
  const [before, after] = [facts.at(1, 0).seen, facts.at(beta, gamma).seen];
  if (before === null || after === null) return "";
  const from = `Taught is ${points(after)} here, ${points(before)} with \u03b3 0: `;
  if (after > before + SLACK) return `${from}fading even helps it. `;
  if (after < before - SLACK) return `${from}that is the price. `;
  return `${from}it pays nothing. `;
}

/** @type {LessonStep} */
export const fading = {
  title: "Fade with distance", kind: "drag", example: "New words", opens: () => EVERYWHERE,
  question(facts) {
    const { kept } = facts;
    if (!kept) return `${elsewhereMissing(facts)}Drag \u03b3 and watch Taught.`;
    const goal = `within ${SLACK} point of CLIP\u2019s ${points(kept.before)}`;
    return {
      nothing: "",
      kept: `${kept.word} is ${goal} already at \u03b3 0: on this set there is nothing to bring back. Drag \u03b3 and watch Taught.`,
      never: `On this set no \u03b3 brings ${kept.word} back to ${goal}, for class names move as well. See how near you come.`,
      lost: `The update is everywhere. Drag \u03b3 to the right until ${kept.word} is back ${goal}, that is at `
        + `${points(kept.before - SLACK)} or more.`,
    }[lossOf(facts)];
  },
  truth: () => null,
  shows: (facts) => (lossOf(facts) === "lost" ? { beta: 1, gamma: facts.firstKeeping ?? 0 } : { beta: 1, gamma: 5 }),
  live(facts, { beta, gamma }) {
    const { kept } = facts;
    const now = facts.at(beta, gamma);
    const taught = now.seen === null ? "" : ` Taught ${points(now.seen)}.`;
    if (!kept) return `${settingText({ beta, gamma })}.${taught}`;
    const missing = kept.before - SLACK - kept.of(now);
    const goal = missing > 0 ? `${points(missing)} to go` : "back";
    return `${settingText({ beta, gamma })}: ${kept.word} ${points(kept.of(now))}, ${goal}.${taught}`;
  },
  reached: (facts, { beta, gamma }) => lossOf(facts) === "lost" && facts.keeps(facts.at(beta, gamma)),
  told(facts, { setting }) {
    const { kept, firstKeeping } = facts;
    const now = facts.at(setting.beta, setting.gamma);
    const counted = statisticsText(facts);
    if (!kept) return elsewhereMissing(facts) + taughtText(facts.clip, now) + counted;
    const value = `${kept.word} is ${points(kept.of(now))} at ${settingText(setting)}, ${points(kept.before)} with CLIP. `;
    const why = "\u03b1 = \u03b2 \u00b7 exp(\u2212\u03b3 \u00b7 distance): far from what was taught little of the update is left. ";
    const how = lossOf(facts);
    if (how === "kept") {
      return `${value}The effect does not occur on this set, for nothing was lost at \u03b3 0. ${priceOf(facts, setting)}${counted}`;
    }
    if (how === "never") {
      return `${value}It does not come back: taught class names move by \u03b2, whatever \u03b3 is. ${priceOf(facts, setting)}${counted}`;
    }
    const first = firstKeeping === null || setting.beta < 1 || setting.gamma <= firstKeeping ? ""
      : `\u03b3 ${formatGamma(firstKeeping)} does it already. `;
    return `${value}${first}${why}${priceOf(facts, setting)}${counted}`;
  },
};

/** @type {LessonStep} */
export const choosing = {
  title: "Choose", kind: "drag", example: "Coloured shapes, sketched", opens: () => null, confirm: "This is my choice",
  question({ score, kept }) {
    if (!score) return "This set has no test pictures of taught classes, so no setting can be told to be better than another.";
    const goal = kept ? `, with ${kept.word} at ${points(kept.before - SLACK)} or more` : "";
    return `Move \u03b2 and \u03b3 to the highest ${score.word}${goal}. The tab Plane shows all settings.`;
  },
  truth: () => null,
  shows: (facts) => facts.best,
  live(facts, setting) {
    const { score, kept } = facts;
    const now = facts.at(setting.beta, setting.gamma);
    if (!score) return settingText(setting);
    const cost = !kept ? "" : facts.keeps(now) ? `; ${kept.word} ${points(kept.of(now))}, kept`
      : `; ${kept.word} ${points(kept.of(now))}, ${points(kept.before - SLACK - kept.of(now))} too low`;
    return `${settingText(setting)}: ${points(score.of(now))}${cost}.`;
  },
  told(facts, { setting }) {
    const { score, best, kept } = facts;
    if (!score) return elsewhereMissing(facts);
    const top = score.of(facts.at(best.beta, best.gamma));
    const found = best.beta === 0
      ? `No setting that keeps ${kept?.word} beats CLIP, ${points(top)}: this set gains nothing. `
      : `Best of ${facts.settings.length} settings: ${settingText(best)} with ${points(top)}. `;
    const edge = best.gamma === 0 && best.beta > 0 ? "It is at the edge: on this set fading gains nothing. " : "";
    return `${found}${edge}${comparison(facts, setting, top)}${statisticsText(facts)}`
      + "It was sought among the test pictures, so it is no test any more: a setting to report is chosen on held-out "
      + "shots (Teach, \u201cChoose beta, gamma for me\u201d).";
  },
};

/** The learner's choice beside the best one. @type {(facts: Facts, setting: Setting, top: number) => string} */
function comparison(facts, { beta, gamma }, top) {
  const now = facts.at(beta, gamma);
  const value = facts.score?.of(now) ?? 0;
  if (!facts.keeps(now)) return `Yours loses too much of ${facts.kept?.word}. `;
  const gap = top - value;
  if (Math.abs(gap) < 0.05) return "Yours is as good. ";
  return gap > 0
    ? `Yours has ${points(value)}, ${points(gap)} less. ` : `Yours, between those tried, has even ${points(value)}. `;
}
