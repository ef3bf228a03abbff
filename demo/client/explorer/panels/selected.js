// The card of the selected picture: its answers, its alpha, its nearest anchor.

import { find, findParts, setName, setText } from "../../dom.js";
import { DASH, formatPercent, formatWeight, signed } from "../model/numbers.js";
import { classNamesOf, problemIndex } from "../model/problems.js";
import { ELSEWHERE, QUERY } from "../model/selection.js";
import { familiarFromAt } from "../model/shelf/sets.js";

/** @import { Answers, Data, Paint, Panels, Why } from '../../types.d.ts' */

/**
 * @typedef {"picture" | "name" | "kind" | "truth" | "clip" | "llu" | "alpha" | "alpha-text" | "remove"} OwnPart
 * @typedef {OwnPart | "anchor-thumb" | "anchor-name" | "anchor-cosine" | "verdict"} Part
 * @typedef {Record<Part, HTMLElement>} Parts
 * @typedef {{ lead: string, rival: string }} Names
 * @typedef {Record<"bar" | "number", HTMLElement>} WhyRow
 * @typedef {"image" | "text" | "statistics"} WhyPart
 * @typedef {Record<"title" | "names" | "ends", HTMLElement> & Record<WhyPart, WhyRow> & Record<"third" | "third-name", HTMLElement>} WhyParts
 */

const GROUP_NAMES = ["taught picture", "test picture", "your picture"];
/** @type {Part[]} */
const PARTS = [
  "picture", "name", "kind", "truth", "clip", "llu", "alpha", "alpha-text", "remove",
  "anchor-thumb", "anchor-name", "anchor-cosine", "verdict",
];

/** What kind of picture i is; one elsewhere is called by its problem. @type {(data: Data, i: number) => string} */
export function groupNameOf(data, i) {
  const group = data.images.group[i];
  return group === ELSEWHERE ? `elsewhere: ${data.problems[problemIndex(data, i)].name}` : GROUP_NAMES[group];
}

/** @type {(cosine: number) => string} */
function short(cosine) {
  return cosine.toFixed(2).replace(/^(-?)0/, "$1");
}

/**
 * Whether a picture is like the taught ones, in words; it does not move with the sliders.
 * @type {(data: Pick<Data, "familiarFrom">, cosine: number) => string}
 */
export function verdictOn({ familiarFrom }, cosine) {
  if (familiarFrom === null) return "";
  const numbers = `cosine ${short(cosine)}, from ${short(familiarFrom)} on`;
  return cosine >= familiarFrom
    ? `Familiar: as near to a taught picture as taught pictures are to each other (${numbers}).`
    : `Not familiar: farther from every taught picture than these are from each other (${numbers}).`;
}

/**
 * `remove(name)`: the visitor wants a query gone.
 * @type {(root: HTMLElement, paint: Paint, remove: (name: string) => void) => Panels["card"]}
 */
export function createSelectedCard(root, paint, remove) {
  const card = find(root, ".selected");
  const parts = findParts(card, PARTS);
  parts.remove.addEventListener("click", () => remove(parts.name.title));
  return {
    clear() {
      card.classList.add("none");
      parts.remove.hidden = true;
      setName(parts.name, "No picture selected");
    },
    show(data, i, answers) {
      card.classList.remove("none");
      parts.remove.hidden = data.images.group[i] !== QUERY || data.live?.row === i;
      showIdentity(parts, data, i, paint);
      const [{ truth }, names] = [data.images, classNamesOf(data, i)];
      showAnswer(parts.clip, names[answers.clip], answers.clipProbability, truth[i], answers.clip);
      showAnswer(parts.llu, names[answers.llu], answers.lluProbability, truth[i], answers.llu);
      const share = answers.beta > 0 ? ` \u00b7 ${formatPercent(answers.alpha / answers.beta)}\u2009% of \u03b2` : "";
      setName(parts.alpha, formatWeight(answers.alpha) + share + (answers.set ? ` \u00b7 ${answers.set.title}` : ""));
      setName(parts["alpha-text"], textWeights(names, answers));
    },
  };
}

/**
 * alpha of the class texts that won, CLIP's and LLU's; one where they agree.
 * @type {(names: string[], answers: Answers) => string}
 */
function textWeights(names, { clip, llu, textAlpha }) {
  /** @type {(k: number) => string} */
  const one = (k) => `${formatWeight(textAlpha[k])} ${names[k]}`;
  return clip === llu ? one(llu) : `${one(clip)} \u00b7 ${one(llu)}`;
}

/** @type {(parts: Parts, data: Data, i: number, paint: Paint) => void} */
function showIdentity(parts, data, i, paint) {
  const truth = data.images.truth[i];
  paint(parts.picture, i);
  setName(parts.name, data.images.names[i]);
  const ofSet = truth >= 0 && data.images.group[i] !== ELSEWHERE;
  const seen = ofSet ? ` \u00b7 ${data.classes.seen[truth] ? "taught class" : "not taught"}` : "";
  setName(parts.kind, groupNameOf(data, i) + seen);
  setName(parts.truth, truth < 0 ? "not known" : classNamesOf(data, i)[truth]);
  const anchor = data.images.nearestAnchor[i];
  const picture = anchor >= 0 ? data.anchors.image[anchor] : -1;
  const label = anchor >= 0 ? data.anchors.label[anchor] : -1;
  paint(parts["anchor-thumb"], picture);
  setName(parts["anchor-name"], label >= 0 ? data.classes.names[label] : DASH);
  const verdict = verdictOn({ familiarFrom: familiarFromAt(data, i) }, data.images.nearest[i]);
  setText(parts.verdict, verdict);
  parts.verdict.hidden = verdict === "";
  setText(parts["anchor-cosine"], `cosine ${data.images.nearest[i].toFixed(3)}`);
}

/**
 * One answer with its probability and a mark that does not rely on colour.
 * @type {(node: HTMLElement, name: string, probability: number, truth: number, answer: number) => void}
 */
function showAnswer(node, name, probability, truth, answer) {
  const state = truth < 0 ? "unknown" : answer === truth ? "right" : "wrong";
  const parts = findParts(node, ["answer", "percent", "mark"]);
  node.dataset.state = state;
  setName(parts.answer, name);
  setText(parts.percent, `${formatPercent(probability)}\u2009%`);
  setText(parts.mark, { right: "\u2713", wrong: "\u2717", unknown: "" }[state]);
  parts.mark.setAttribute("aria-label", state === "unknown" ? "" : state);
}

// Why the answer is what it is: the lead of one class over another, split into what the image update, what the text
// update and, where they count, what class statistics did to it.

const WHY_ROOM = 1;

/** @type {(root: HTMLElement) => Panels["reasons"]} */
export function createWhy(root) {
  const node = find(root, ".why");
  /** @type {(name: string) => WhyRow} */
  const row = (name) => findParts(find(node, `.why-${name}`), ["bar", "number"], "why-");
  const parts = {
    image: row("image"), text: row("text"), statistics: row("statistics"), third: find(node, ".why-statistics"),
    "third-name": find(node, ".why-third"),
    ...findParts(node, ["title", "names", "ends"], "why-"),
  };
  return {
    /**
     * `why`: explainMargin's result or null; `names`: {lead, rival}; `changed`: whether the answer changed; `third`:
     * what the third part is called, "" where there is none.
     */
    show(why, names, changed, third) {
      node.hidden = why === null;
      parts.third.hidden = third === "";
      setText(parts["third-name"], third);
      if (why !== null) showWhy(node, parts, why, names, changed);
    },
  };
}

/** @type {(row: WhyRow, share: number, value: number) => void} */
function showWhyRow({ bar, number }, share, value) {
  bar.style.transform = `scaleX(${share.toFixed(4)})`;
  bar.classList.toggle("against", value < 0);
  setText(number, signed(value));
}

/** @type {(node: HTMLElement, parts: WhyParts, why: Why, names: Names, changed: boolean) => void} */
function showWhy(node, parts, why, { lead, rival }, changed) {
  setName(parts.title, changed ? `Why ${lead}, not ${rival}` : `Why still ${lead}, not ${rival}`);
  const room = Math.max(Math.abs(why.image), Math.abs(why.text), Math.abs(why.statistics), WHY_ROOM);
  showWhyRow(parts.image, why.image / room, why.image);
  showWhyRow(parts.text, why.text / room, why.text);
  showWhyRow(parts.statistics, why.statistics / room, why.statistics);
  setName(parts.names, `lead of ${lead} over ${rival}`);
  setText(parts.ends, `${signed(why.from)} \u2192 ${signed(why.to)}`);
  const name = parts["third-name"].textContent === "statistics" ? "class statistics" : parts["third-name"].textContent;
  const third = parts.third.hidden ? "." : `, ${name} ${signed(why.statistics)}.`;
  const spoken = [`Why: score of ${lead} minus score of ${rival}.`, `Without an update ${signed(why.from)},`,
    `now ${signed(why.to)}.`, `Image update ${signed(why.image)}, text update ${signed(why.text)}${third}`].join(" ");
  if (node.getAttribute("aria-label") !== spoken) node.setAttribute("aria-label", spoken);
}
