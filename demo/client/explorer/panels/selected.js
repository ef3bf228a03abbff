// The card of the selected picture: its answers, its alpha, its nearest anchor.

import { setName, setText } from "../../dom.js";
import { DASH, formatPercent, formatWeight, signed } from "../model/numbers.js";
import { QUERY } from "../model/selection.js";

export const GROUP_NAMES = ["training picture", "test picture", "query"];

/** `remove(name)`: the visitor wants a query gone. */
export function createSelectedCard(root, paint, remove) {
  const card = root.querySelector(".selected");
  const part = (name) => card.querySelector(`.${name}`);
  const names = ["picture", "name", "kind", "truth", "clip", "llu", "alpha", "alpha-text", "remove"];
  names.push("anchor-thumb", "anchor-name", "anchor-cosine");
  const parts = Object.fromEntries(names.map((name) => [name, part(name)]));
  parts.remove.addEventListener("click", () => remove(parts.name.title));
  return {
    show(data, i, answers) {
      card.classList.toggle("none", i < 0);
      parts.remove.hidden = i < 0 || data.images.group[i] !== QUERY;
      if (i < 0) return setName(parts.name, "No picture selected");
      showIdentity(parts, data, i, paint);
      const { truth } = data.images;
      showAnswer(parts.clip, data.classes.names[answers.clip], answers.clipProbability, truth[i], answers.clip);
      showAnswer(parts.llu, data.classes.names[answers.llu], answers.lluProbability, truth[i], answers.llu);
      const share = answers.beta > 0 ? ` \u00b7 ${formatPercent(answers.alpha / answers.beta)}\u2009% of \u03b2` : "";
      setText(parts.alpha, formatWeight(answers.alpha) + share);
      setName(parts["alpha-text"], textWeights(data, answers));
    },
  };
}

/** alpha of the class texts that won, CLIP's and LLU's; one where they agree. */
function textWeights(data, { clip, llu, textAlpha }) {
  const one = (k) => `${formatWeight(textAlpha[k])} ${data.classes.names[k]}`;
  return clip === llu ? one(llu) : `${one(clip)} \u00b7 ${one(llu)}`;
}

function showIdentity(parts, data, i, paint) {
  const truth = data.images.truth[i];
  paint(parts.picture, i);
  setName(parts.name, data.images.names[i]);
  const seen = truth < 0 ? "" : data.classes.seen[truth] ? " \u00b7 seen class" : " \u00b7 unseen class";
  setText(parts.kind, GROUP_NAMES[data.images.group[i]] + seen);
  setName(parts.truth, truth < 0 ? "not known" : data.classes.names[truth]);
  const anchor = data.images.nearestAnchor[i];
  const picture = anchor >= 0 ? data.anchors.image[anchor] : -1;
  const label = anchor >= 0 ? data.anchors.label[anchor] : -1;
  paint(parts["anchor-thumb"], picture);
  setName(parts["anchor-name"], label >= 0 ? data.classes.names[label] : DASH);
  setText(parts["anchor-cosine"], `cosine ${data.images.nearest[i].toFixed(3)}`);
}

/** One answer with its probability and a mark that does not rely on colour. */
function showAnswer(node, name, probability, truth, answer) {
  const state = truth < 0 ? "unknown" : answer === truth ? "right" : "wrong";
  node.dataset.state = state;
  setName(node.querySelector(".answer"), name);
  setText(node.querySelector(".percent"), `${formatPercent(probability)}\u2009%`);
  const mark = node.querySelector(".mark");
  setText(mark, { right: "\u2713", wrong: "\u2717", unknown: "" }[state]);
  mark.setAttribute("aria-label", state === "unknown" ? "" : state);
}

// Why the answer is what it is: the lead of one class over another, split into what the image update and what the text
// update did to it.

const WHY_ROOM = 1;

export function createWhy(root) {
  const node = root.querySelector(".why");
  const part = (name) => node.querySelector(`.${name}`);
  const row = (name) => {
    const line = part(`why-${name}`);
    return { bar: line.querySelector(".why-bar"), number: line.querySelector(".why-number") };
  };
  const parts = { image: row("image"), text: row("text") };
  for (const name of ["title", "names", "ends"]) parts[name] = part(`why-${name}`);
  return {
    /** `why`: explainMargin's result or null; `names`: {lead, rival}; `changed`: whether the answer changed. */
    show(why, names, changed) {
      node.hidden = why === null;
      if (why !== null) showWhy(node, parts, why, names, changed);
    },
  };
}

function showWhy(node, parts, why, { lead, rival }, changed) {
  setName(parts.title, changed ? `Why ${lead}, not ${rival}` : `Why still ${lead}, not ${rival}`);
  const room = Math.max(Math.abs(why.image), Math.abs(why.text), WHY_ROOM);
  for (const side of ["image", "text"]) {
    const value = why[side];
    parts[side].bar.style.transform = `scaleX(${(value / room).toFixed(4)})`;
    parts[side].bar.classList.toggle("against", value < 0);
    setText(parts[side].number, signed(value));
  }
  setName(parts.names, `lead of ${lead} over ${rival}`);
  setText(parts.ends, `${signed(why.from)} \u2192 ${signed(why.to)}`);
  const spoken = [`Why: score of ${lead} minus score of ${rival}.`, `Without an update ${signed(why.from)},`,
    `now ${signed(why.to)}.`, `Image update ${signed(why.image)}, text update ${signed(why.text)}.`].join(" ");
  if (node.getAttribute("aria-label") !== spoken) node.setAttribute("aria-label", spoken);
}
