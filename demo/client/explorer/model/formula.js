// The method's prediction at every (beta, gamma): elementwise work on four precomputed images x classes matrices.
// Pure functions over typed arrays; every result is written into an array that the caller owns, so that a slider event
// allocates nothing. The Python twin is llu_core/method/sweep.py.
//
//   a         = beta * exp(-gamma * (1 - nearest))                                   eq. 5, distance clamped to [0, 1]
//   n^2       = (1-a)^2 + a^2 + 2 a (1-a) u.v
//   z_i . z_k = [(1-a_i)(1-a_k) uu + a_i(1-a_k) vu + (1-a_i)a_k uv + a_i a_k vv] / (n_i n_k)
//
// Where an adapter has class statistics, a fifth matrix, and they are switched on, the score is z_i . z_k plus
// min(1, beta / 0.2) of it; it arrives divided by the logit scale.

/** @import { Belongs, Problem, Scores, Side, Sweep, Weights, Why, Workspace } from '../../types.d.ts' */

/** An anchor closer than this is the point itself: the Dirac mask (gamma = Infinity) is beta there, 0 elsewhere. */
const DIRAC_WIDTH = 1e-3;

/** From this beta on class statistics have their full share; the core has the same number in statistics/head.py. */
const FULL_FROM = 0.2;

/** What the update did to an answer: nothing, wrong to right, right to wrong, from one wrong answer to another. */
export const SAME = 0;
export const FIXED = 1;
export const BROKEN = 2;
export const MOVED = 3;

/** @type {Side[]} */
const SIDES = ["images", "classes"];

/**
 * alpha of one point whose nearest anchor has cosine similarity `nearest`.
 * @type {(nearest: number, beta: number, gamma: number) => number}
 */
export function interpolationWeight(nearest, beta, gamma) {
  const distance = Math.min(Math.max(1 - nearest, 0), 1);
  if (gamma === Infinity) return distance < DIRAC_WIDTH ? beta : 0;
  return beta * Math.exp(-gamma * distance);
}

/**
 * alpha of every point, into `out`.
 * @type {(out: Float64Array, nearest: Float32Array, beta: number, gamma: number) => void}
 */
function interpolationMask(out, nearest, beta, gamma) {
  for (let i = 0; i < nearest.length; i++) out[i] = interpolationWeight(nearest[i], beta, gamma);
}

/** How much of the class statistics counts at a beta, from 0 to 1. @type {(beta: number) => number} */
export function statisticsShare(beta) {
  return Math.min(1, beta / FULL_FROM);
}

/** n, the length of (1 - a) u + a v for unit vectors with u.v = `dot`. @type {(a: number, dot: number) => number} */
export function mixtureNorm(a, dot) {
  return Math.sqrt(Math.max((1 - a) * (1 - a) + a * a + 2 * a * (1 - a) * dot, 1e-24));
}

/**
 * z = keep * u + take * v: keep = (1 - a) / n and take = a / n, per point. `uv` holds u.v of each point.
 * @type {(keep: Float64Array, take: Float64Array, alpha: Float64Array, uv: Float32Array) => void}
 */
function mixingWeights(keep, take, alpha, uv) {
  for (let i = 0; i < alpha.length; i++) {
    const a = alpha[i];
    const norm = mixtureNorm(a, uv[i]);
    keep[i] = (1 - a) / norm;
    take[i] = a / norm;
  }
}

/**
 * z_i.z_k into `out` (images x classes, row-major); exactly uu where alpha is 0 on both sides.
 * @type {(out: Float32Array, scores: Scores, images: Weights, classes: Weights) => void}
 */
function mixedScores(out, scores, images, classes) {
  const { uu, vu, uv, vv } = scores;
  const width = classes.keep.length;
  for (let i = 0, at = 0; i < images.keep.length; i++) {
    const keep = images.keep[i];
    const take = images.take[i];
    for (let k = 0; k < width; k++, at++) {
      out[at] = classes.keep[k] * (keep * uu[at] + take * vu[at]) + classes.take[k] * (keep * uv[at] + take * vv[at]);
    }
  }
}

/**
 * The class statistics on top of the scores; exactly the scores where the statistics are 0.
 * @type {(out: Float32Array, statistics: Float32Array, share: number) => void}
 */
function addStatistics(out, statistics, share) {
  for (let at = 0; at < out.length; at++) out[at] += share * statistics[at];
}

/**
 * softmax(scale * scores[row]) into out[0 .. classes).
 * @type {(out: Float32Array | Float64Array, scores: Float32Array, row: number, classes: number, scale: number,
 *   start?: number) => void}
 */
export function softmaxRow(out, scores, row, classes, scale, start = 0) {
  const from = row * classes;
  let top = -Infinity;
  for (let k = 0; k < classes; k++) top = Math.max(top, scores[from + k]);
  let total = 0;
  for (let k = 0; k < classes; k++) total += out[start + k] = Math.exp(scale * (scores[from + k] - top));
  for (let k = 0; k < classes; k++) out[start + k] /= total;
}

/**
 * The most similar class of every row, into `out`; the first one where several tie.
 * @type {(out: Int32Array, scores: Float32Array, classes: number) => void}
 */
export function bestClasses(out, scores, classes) {
  for (let i = 0, from = 0; i < out.length; i++, from += classes) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[from + k] > scores[from + best]) best = k;
    out[i] = best;
  }
}

/**
 * What the update did to one answer; a picture of unknown class (truth < 0) can only be SAME or MOVED.
 * @type {(truth: number, before: number, after: number) => number}
 */
export function changeOf(truth, before, after) {
  if (before === after) return SAME;
  if (after === truth) return FIXED;
  return before === truth ? BROKEN : MOVED;
}

/** @type {(size: number) => Weights} */
function makeWeights(size) {
  return { alpha: new Float64Array(size), keep: new Float64Array(size), take: new Float64Array(size) };
}

/**
 * Working memory for one problem: {images, classes, scores, best} sized once and overwritten at every setting. `shared`:
 * arrays of the owner's that the images' alpha and the answers go to.
 * @type {(imageCount: number, classCount: number, shared?: { alpha: Float64Array, best: Int32Array }) => Workspace}
 */
export function makeWorkspace(imageCount, classCount, shared) {
  const images = makeWeights(imageCount);
  return {
    images: { ...images, alpha: shared?.alpha ?? images.alpha },
    classes: makeWeights(classCount),
    scores: new Float32Array(imageCount * classCount),
    best: shared?.best ?? new Int32Array(imageCount),
  };
}

/**
 * Fill the workspace for one (beta, gamma). `data` = {images: {nearest, uv}, classes: {nearest, uv}, scores}.
 * @type {(workspace: Workspace, data: Sweep, beta: number, gamma: number) => void}
 */
export function sweepTo(workspace, data, beta, gamma) {
  for (const side of SIDES) {
    const weights = workspace[side];
    interpolationMask(weights.alpha, data[side].nearest, beta, gamma);
    mixingWeights(weights.keep, weights.take, weights.alpha, data[side].uv);
  }
  mixedScores(workspace.scores, data.scores, workspace.images, workspace.classes);
  if (data.scores.statistics && beta > 0) {
    addStatistics(workspace.scores, data.scores.statistics, statisticsShare(beta));
  }
  bestClasses(workspace.best, workspace.scores, workspace.classes.alpha.length);
}

/**
 * Probabilities (images x classes) at one (beta, gamma), as a new Float32Array.
 * @type {(data: Sweep, logitScale: number, beta: number, gamma: number) => Float32Array}
 */
export function probabilitiesAt(data, logitScale, beta, gamma) {
  const images = data.images.nearest.length;
  const classes = data.classes.nearest.length;
  const workspace = makeWorkspace(images, classes);
  sweepTo(workspace, data, beta, gamma);
  const out = new Float32Array(images * classes);
  for (let i = 0; i < images; i++) softmaxRow(out, workspace.scores, i, classes, logitScale, i * classes);
  return out;
}

/**
 * The second most similar class of one row; -1 where there is only one class.
 * @type {(scores: Float32Array, row: number, classes: number, best: number) => number}
 */
export function runnerUp(scores, row, classes, best) {
  const from = row * classes;
  let second = -1;
  for (let k = 0; k < classes; k++) {
    if (k !== best && (second < 0 || scores[from + k] > scores[from + second])) second = k;
  }
  return second;
}

/**
 * z_i.z_k of one picture and one class, with the image's alpha `a` and the text's alpha `b`.
 * @type {(data: Sweep, row: number, k: number, a: number, b: number) => number}
 */
function pairScore(data, row, k, a, b) {
  const at = row * data.classes.nearest.length + k;
  const { uu, vu, uv, vv } = data.scores;
  const mixed = (1 - a) * ((1 - b) * uu[at] + b * uv[at]) + a * ((1 - b) * vu[at] + b * vv[at]);
  return mixed / (mixtureNorm(a, data.images.uv[row]) * mixtureNorm(b, data.classes.uv[k]));
}

/**
 * What moved the lead of class `lead` over class `rival` for one picture, in logits. `from` is the lead without an
 * update, `to` the one at (beta, gamma); each update's part is its effect averaged over the other one being off and on,
 * that of the class statistics is what they add, so that image + text + statistics = total = to - from exactly.
 * @type {(problem: Pick<Problem, "images" | "classes" | "scores" | "logitScale">, row: number, lead: number, rival: number,
 *   beta: number, gamma: number) => Why}
 */
export function explainMargin(problem, row, lead, rival, beta, gamma) {
  const a = interpolationWeight(problem.images.nearest[row], beta, gamma);
  /** @type {(k: number) => number} */
  const alphaOf = (k) => interpolationWeight(problem.classes.nearest[k], beta, gamma);
  /** @type {(k: number, image: number, text: number) => number} */
  const score = (k, image, text) => pairScore(problem, row, k, image ? a : 0, text ? alphaOf(k) : 0);
  /** @type {(image: number, text: number) => number} */
  const margin = (image, text) => problem.logitScale * (score(lead, image, text) - score(rival, image, text));
  const [none, imageOnly, textOnly, both] = [margin(0, 0), margin(1, 0), margin(0, 1), margin(1, 1)];
  const statistics = statisticsMargin(problem, row, lead, rival, beta);
  return {
    image: (imageOnly - none + both - textOnly) / 2,
    text: (textOnly - none + both - imageOnly) / 2,
    statistics, total: both - none + statistics, from: none, to: both + statistics,
  };
}

/**
 * What class statistics add to the lead, in logits; 0 where none count.
 * @type {(problem: Pick<Problem, "classes" | "scores" | "logitScale">, row: number, lead: number, rival: number,
 *   beta: number) => number}
 */
function statisticsMargin({ classes, scores: { statistics }, logitScale }, row, lead, rival, beta) {
  if (!statistics) return 0;
  const from = row * classes.nearest.length;
  return logitScale * statisticsShare(beta) * (statistics[from + lead] - statistics[from + rival]);
}

/**
 * Percent of right answers among the pictures that `belongs(i)` admits; null where it admits none.
 * @type {(best: Int32Array, truth: Int32Array, belongs: Belongs) => number | null}
 */
export function accuracyOf(best, truth, belongs) {
  let right = 0;
  let all = 0;
  for (let i = 0; i < best.length; i++) {
    if (!belongs(i)) continue;
    all++;
    if (best[i] === truth[i]) right++;
  }
  return all ? (100 * right) / all : null;
}

/** 2ab / (a + b), of two numbers that are there. @type {(a: number, b: number) => number} */
export function harmonicOf(a, b) {
  return a + b > 0 ? (2 * a * b) / (a + b) : 0;
}

/**
 * The harmonic mean; null where one of the two is missing.
 * @type {(a: number | null, b: number | null) => number | null}
 */
export function harmonicMean(a, b) {
  return a === null || b === null ? null : harmonicOf(a, b);
}
