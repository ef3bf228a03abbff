// Several sets, each at a (beta, gamma) of its own, whichever are switched on: the page's twin of the core's composition. Its
// Python twin is llu_core/method/composition/sweep.py; who shares a point with whom is said in sharing.py there.
//
//   w_s     = exp(q_s) / sum over the acting sets,   q_s how close set s is: of pictures the log density of its anchors,
//             of names 500 times the cosine to the nearest one
//   alpha_s = w_s * eq. 5's mask of set s
//   z       = (1 - sum alpha_s) x + sum alpha_s g_s(x), scaled to length one
//
// and z_i . z_k is a sum over pairs of places, the point itself and g_s of it. How probable the names of each set are
// together is settled by the anchors, see `settleRow`. Where one set acts alone, formula.js has the numbers.

import { bestClasses, interpolationWeight, statisticsShare } from "../formula.js";

/** @import { Part, Parts, Problem, Setting, Several, SeveralSide, Side, Why, Workspace } from '../../../types.d.ts' */

const NAME_SHARPNESS = 500;
const NEAR = { images: 1, classes: 3 };
/** A share of at most this much is none, as in the core. */
const UNNOTICED = 2 ** -25;
/** What is less probable counts as this, so that its logarithm is finite. */
const LEAST = 1e-30;

/** @type {Side[]} */
const SIDES = ["images", "classes"];

/** 1 at an anchor, exactly 0 at a right angle and beyond. @type {(nearest: number, gamma: number) => number} */
function nearness(nearest, gamma) {
  const distance = Math.min(Math.max(1 - nearest, 0), 1);
  if (distance === 1) return 0;
  const floor = Math.exp(-gamma);
  return (Math.exp(-gamma * distance) - floor) / (1 - floor);
}

/**
 * Room for so many points of so many sets; what does not hang on what has moved stays there from frame to frame.
 * @type {(sets: number, count: number) => SeveralSide}
 */
export function makeSide(sets, count) {
  const ofSets = () => new Float64Array(sets * count);
  return {
    acting: null, shares: ofSets(), near: ofSets(), masks: ofSets(), settings: [], weights: new Float64Array((sets + 1) * count),
  };
}

/**
 * Working memory for a problem of several sets, set after set: what point i has of set s is at s * count + i.
 * @type {(problem: Pick<Problem, "n" | "classes">, parts: Parts) => Several}
 */
export function makeSeveral({ n, classes }, { statistics }) {
  const [sets, width] = [statistics.length, classes.names.length];
  return {
    images: makeSide(sets, n), classes: makeSide(sets, width),
    row: new Float64Array(width), room: new Float64Array(width), named: new Float64Array(width),
    most: new Float64Array(sets), said: new Float64Array(sets), due: new Float64Array(sets),
  };
}

/** Where the product of the places a < b of `count` is in the order of pairs. @type {(a: number, b: number, count: number) => number} */
function pairAt(a, b, count) {
  return a * count - (a * (a + 1)) / 2 + b - a - 1;
}

/**
 * The shares of the acting sets in all points, and share * mask by which their names are theirs; only switches move them.
 * @type {(side: SeveralSide, part: Part, acting: number[], kind: Side) => void}
 */
function fillShares(side, { nearest, closeness }, acting, kind) {
  if (side.acting === acting) return;
  const { shares, near } = side;
  const count = nearest[0].length;
  /** @type {(s: number, i: number) => number} */
  const close = (s, i) => (closeness ? closeness[s][i] : NAME_SHARPNESS * nearest[s][i]);
  side.acting = acting;
  shares.fill(0);
  for (let i = 0; i < count; i++) {
    let [top, total] = [-Infinity, 0];
    for (const s of acting) top = Math.max(top, close(s, i));
    for (const s of acting) total += shares[s * count + i] = Math.exp(close(s, i) - top);
    for (const s of acting) {
      shares[s * count + i] /= total;
      near[s * count + i] = shares[s * count + i] * nearness(nearest[s][i], NEAR[kind]);
    }
  }
}

/** Eq. 5's mask of the sets whose setting is another one. @type {(side: SeveralSide, part: Part, settings: Setting[]) => void} */
function fillMasks(side, { nearest }, settings) {
  nearest.forEach((cosines, s) => {
    const [{ beta, gamma }, last] = [settings[s], side.settings[s]];
    if (last && last.beta === beta && last.gamma === gamma) return;
    const from = s * cosines.length;
    for (let i = 0; i < cosines.length; i++) side.masks[from + i] = interpolationWeight(cosines[i], beta, gamma);
    side.settings[s] = { beta, gamma };
  });
}

/**
 * How much of each place is in z, and in `alpha` how much of all updates together a point receives.
 * @type {(side: SeveralSide, part: Part, acting: number[], alpha: Float64Array) => void}
 */
function fillWeights({ shares, masks, weights }, { nearest, pairs }, acting, alpha) {
  const [count, places] = [alpha.length, nearest.length + 1];
  weights.fill(0);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (const s of acting) {
      const own = shares[s * count + i] * masks[s * count + i];
      if (own > UNNOTICED) sum += weights[(s + 1) * count + i] = own;
    }
    alpha[i] = sum;
    weights[i] = 1 - sum;
    if (sum === 0) continue;
    let square = 0;
    for (let a = 0; a < places; a++) {
      const weight = weights[a * count + i];
      if (weight === 0) continue;
      square += weight * weight;
      for (let b = a + 1; b < places; b++) {
        const other = weights[b * count + i];
        if (other !== 0) square += 2 * weight * other * pairs[pairAt(a, b, places)][i];
      }
    }
    const length = Math.sqrt(Math.max(square, 1e-24));
    for (let a = 0; a < places; a++) weights[a * count + i] /= length;
  }
}

/**
 * Fill the workspace for the settings of all sets and those that act, none or several.
 * @type {(workspace: Workspace, problem: Problem, acting: number[], settings: Setting[]) => void}
 */
export function composeTo(workspace, problem, acting, settings) {
  const { several, scores, best } = workspace;
  const { parts } = problem;
  if (!several || !parts) return;
  const full = settings.map(({ beta }) => statisticsShare(beta));
  for (const kind of SIDES) {
    fillShares(several[kind], parts[kind], acting, kind);
    fillMasks(several[kind], parts[kind], settings);
    fillWeights(several[kind], parts[kind], acting, workspace[kind].alpha);
  }
  const width = problem.classes.names.length;
  fillNames(several, acting, full);
  for (let i = 0, from = 0; i < problem.n; i++, from += width) {
    mixRow(several, parts, i, from);
    if (parts.counted) addStatistics(several, parts, acting, i, from, problem.n, full);
    settleRow(several, acting, i, problem.n, problem.logitScale, full);
    scores.set(several.row, from);
  }
  bestClasses(best, scores, width);
}

/** z_i . z_k of picture i into the row; exactly the frozen score where no set reaches it. @type {(several: Several, parts: Parts, i: number, from: number) => void} */
function mixRow({ images, classes, row }, { products, statistics }, i, from) {
  const [places, width] = [statistics.length + 1, row.length];
  const count = images.weights.length / places;
  row.fill(0);
  for (let a = 0; a < places; a++) {
    const weight = images.weights[a * count + i];
    if (weight === 0) continue;
    for (let b = 0; b < places; b++) {
      const [product, start] = [products[a * places + b], b * width];
      for (let k = 0; k < width; k++) row[k] += weight * classes.weights[start + k] * product[from + k];
    }
  }
}

/** How near the nearest name is to each set, and how near each name is to all sets. @type {(several: Several, acting: number[], full: number[]) => void} */
function fillNames({ classes, most, named }, acting, full) {
  const width = named.length;
  most.fill(0);
  named.fill(0);
  for (const s of acting) {
    for (let k = 0, at = s * width; k < width; k++, at++) {
      const near = classes.near[at] * full[s];
      named[k] += near;
      most[s] = Math.max(most[s], near);
    }
  }
}

/** Values of the acting sets as parts of their sum. @type {(values: Float64Array, acting: number[]) => void} */
function toParts(values, acting) {
  let sum = 0;
  for (const s of acting) sum += values[s];
  for (const s of acting) values[s] = Math.max(values[s] / Math.max(sum, LEAST), LEAST);
}

/**
 * What the names of each set have together becomes what the anchors say, among the names that are near a set.
 * @type {(several: Several, acting: number[], i: number, count: number, scale: number, full: number[]) => void}
 */
function settleRow({ images, classes, row, most, said, due, room, named }, acting, i, count, scale, full) {
  const width = row.length;
  let near = 0;
  for (const s of acting) near += images.near[s * count + i] * full[s];
  if (near === 0) return;
  let [top, total] = [-Infinity, 0];
  for (let k = 0; k < width; k++) if (row[k] > top) top = row[k];
  for (let k = 0; k < width; k++) total += room[k] = Math.exp(scale * (row[k] - top));
  for (const s of acting) {
    let sum = 0;
    for (let k = 0, at = s * width; k < width; k++, at++) sum += room[k] * classes.near[at];
    [said[s], due[s]] = [(full[s] * sum) / total, images.shares[s * count + i] * most[s]];
  }
  toParts(said, acting);
  toParts(due, acting);
  room.fill(0);
  for (const s of acting) {
    const ratio = due[s] / said[s];
    for (let k = 0, at = s * width; k < width; k++, at++) room[k] += classes.shares[at] * ratio;
  }
  for (let k = 0; k < width; k++) if (named[k] > 0) row[k] += (near * named[k] * Math.log(room[k])) / scale;
}

/** @type {(several: Several, parts: Parts, acting: number[], i: number, from: number, count: number, full: number[]) => void} */
function addStatistics({ images, classes, row }, { statistics }, acting, i, from, count, full) {
  const width = row.length;
  for (const s of acting) {
    const [added, share] = [statistics[s], full[s] * images.shares[s * count + i]];
    if (!added || share <= UNNOTICED) continue;
    for (let k = 0; k < width; k++) row[k] += share * classes.shares[s * width + k] * added[from + k];
  }
}

/** z . x of every class text, how near it stays to where it was. @type {(side: SeveralSide, part: Part, acting: number[], settings: Setting[]) => Float64Array} */
export function keptOf(side, part, acting, settings) {
  const [sets, count] = [part.nearest.length, part.nearest[0].length];
  const alpha = new Float64Array(count);
  fillShares(side, part, acting, "classes");
  fillMasks(side, part, settings);
  fillWeights(side, part, acting, alpha);
  return alpha.map((_, i) => {
    let sum = side.weights[i];
    for (let s = 0; s < sets; s++) sum += side.weights[(s + 1) * count + i] * part.pairs[s][i];
    return sum;
  });
}

/**
 * `explainMargin` of several sets: what lies beside the updates, class statistics and what the anchors settle, is in
 * `statistics`. The workspace is one that `composeTo` filled.
 * @type {(workspace: Workspace, problem: Problem, row: number, lead: number, rival: number) => Why}
 */
export function explainComposed({ several, scores }, { parts, classes, n, logitScale }, row, lead, rival) {
  if (!several || !parts) throw new Error("This problem is of one set.");
  const [places, width] = [parts.statistics.length + 1, classes.names.length];
  /** @type {(weights: Float64Array, count: number, at: number, moved: boolean) => number[]} */
  const weightsOf = (weights, count, at, moved) => (
    Array.from({ length: places }, (_, a) => (moved ? weights[a * count + at] : Number(a === 0))));
  /** @type {(k: number, image: boolean, text: boolean) => number} */
  const score = (k, image, text) => {
    const [mine, theirs] = [weightsOf(several.images.weights, n, row, image), weightsOf(several.classes.weights, width, k, text)];
    let sum = 0;
    mine.forEach((a, at) => theirs.forEach((b, of) => { sum += a * b * parts.products[at * places + of][row * width + k]; }));
    return sum;
  };
  /** @type {(image: boolean, text: boolean) => number} */
  const margin = (image, text) => logitScale * (score(lead, image, text) - score(rival, image, text));
  const [none, imageOnly, textOnly, both] = [margin(false, false), margin(true, false), margin(false, true), margin(true, true)];
  const to = logitScale * (scores[row * width + lead] - scores[row * width + rival]);
  return {
    image: (imageOnly - none + both - textOnly) / 2, text: (textOnly - none + both - imageOnly) / 2,
    statistics: to - both, total: to - none, from: none, to,
  };
}
