// Accuracy over the whole beta x gamma plane, without retraining, in the browser.
//
// The most similar class of a picture does not depend on the length of the picture's own z. With e the mask at beta 1
// (so that alpha = beta e) the rest is a polynomial in beta, divided by the length n_k of the class's z:
//
//   z_i . z_k  ~  (uu + beta [e_i (vu - uu) + e_k (uv - uu)] + beta^2 e_i e_k (uu - vu - uv + vv)) / n_k
//
// so each gamma costs its three coefficients once, and each beta two multiplications per picture and class. Class
// statistics are added times the length of the picture's z, which is left out of the rest.

import { harmonicOf, interpolationWeight, mixtureNorm, statisticsShare } from "./formula.js";
import { controlsOf } from "./problems.js";
import { GAMMA_STOPS, gammaAt } from "./scales.js";
import { TEST } from "./selection.js";

/** @import { Accuracy, Data, Problem } from '../../types.d.ts' */

/**
 * @typedef {ReturnType<typeof startPlane>} PlaneJob
 * @typedef {Record<Accuracy, number[] | null>} Planes
 */

export const PLANE_BETAS = 25;
export const PLANE_GAMMAS = 29;

/** Two digits, as the slider has them; .5 is among them. */
export function planeBetas() {
  return Array.from({ length: PLANE_BETAS }, (_, at) => Math.round((100 * at) / (PLANE_BETAS - 1)) / 100);
}

/** Evenly along the slider, both ends included: 0 and infinity; 20 is among them. */
export function planeGammas() {
  return Array.from({ length: PLANE_GAMMAS }, (_, at) => gammaAt(Math.floor((GAMMA_STOPS * at) / (PLANE_GAMMAS - 1))));
}

/**
 * What is counted together: some pictures of one problem, by their index within it, with what one gamma costs it once.
 * @typedef {{ key: "seen" | "unseen" | "elsewhere", problem: Problem, pictures: number[], truth: Int32Array,
 *   shares: Float64Array, base: Float64Array, linear: Float64Array, square: Float64Array, inverse: Float64Array,
 *   right: Uint32Array }} Part
 */

/** The test pictures whose class is known and was, or was not, taught. @type {(data: Data, seen: boolean) => number[]} */
function testPictures(data, seen) {
  const { truth, group } = data.images;
  return Array.from(truth.keys()).filter((i) => (
    group[i] === TEST && truth[i] >= 0 && Boolean(data.classes.seen[truth[i]]) === seen));
}

/**
 * A computation that can be done in slices; cell (beta, gamma) is number `beta * gammas.length + gamma`.
 * @param {Data} data @param {number[]} betas @param {number[]} gammas
 */
export function startPlane(data, betas, gammas) {
  /** @type {(key: Part["key"], problem: Problem, pictures: number[]) => Part} */
  const part = (key, problem, pictures) => {
    const classes = problem.classes.nearest.length;
    const row = () => new Float64Array(classes);
    return {
      key, problem, pictures, truth: data.images.truth.subarray(problem.start, problem.start + problem.n),
      shares: row(), base: row(), linear: row(), square: row(), inverse: new Float64Array(betas.length * classes),
      right: new Uint32Array(betas.length * gammas.length),
    };
  };
  const [[own], controls] = [data.problems, controlsOf(data)];
  const parts = [
    part("seen", own, testPictures(data, true)), part("unseen", own, testPictures(data, false)),
    ...controls.map((problem) => part("elsewhere", problem, Array.from({ length: problem.n }, (_, i) => i))),
  ].filter(({ pictures }) => pictures.length > 0);
  return { parts, betas, gammas, part: 0, column: 0, next: 0 };
}

/**
 * Works until the clock shows `deadline`; true when the plane is complete.
 * @type {(job: PlaneJob, deadline?: number) => boolean}
 */
export function stepPlane(job, deadline = Infinity) {
  for (; job.part < job.parts.length; job.part++, job.column = 0) {
    const part = job.parts[job.part];
    for (; job.column < job.gammas.length; job.column++, job.next = 0) {
      if (job.next === 0) prepareColumn(job, part);
      while (job.next < part.pictures.length) {
        countPicture(job, part, part.pictures[job.next++]);
        if (job.next % 4 === 0 && performance.now() > deadline) return false;
      }
    }
  }
  return true;
}

/** e_k and 1 / n_k of every class, for the gamma of the column. @type {(job: PlaneJob, part: Part) => void} */
function prepareColumn({ betas, gammas, column }, { problem, shares, inverse }) {
  const { nearest, uv } = problem.classes;
  for (let k = 0; k < nearest.length; k++) shares[k] = interpolationWeight(nearest[k], 1, gammas[column]);
  betas.forEach((beta, b) => {
    for (let k = 0; k < nearest.length; k++) {
      inverse[b * nearest.length + k] = 1 / mixtureNorm(beta * shares[k], uv[k]);
    }
  });
}

/** @type {(job: PlaneJob, part: Part, i: number) => void} */
function countPicture({ betas, gammas, column }, part, i) {
  const { problem, truth, shares, base, linear, square, right } = part;
  const { uu, vu, uv, vv } = problem.scores;
  const classes = base.length;
  const share = interpolationWeight(problem.images.nearest[i], 1, gammas[column]);
  for (let k = 0, at = i * classes; k < classes; k++, at++) {
    base[k] = uu[at];
    linear[k] = share * (vu[at] - uu[at]) + shares[k] * (uv[at] - uu[at]);
    square[k] = share * shares[k] * (uu[at] - vu[at] - uv[at] + vv[at]);
  }
  const statistics = problem.scores.statistics?.subarray(i * classes, (i + 1) * classes) ?? null;
  let rival = -1;
  for (let b = 0; b < betas.length; b++) {
    const added = statistics ? statisticsShare(betas[b]) * mixtureNorm(betas[b] * share, problem.images.uv[i]) : 0;
    rival = rivalOf(part, betas[b], truth[i], b * classes, rival, statistics, added);
    if (rival < 0) right[b * gammas.length + column]++;
  }
}

/**
 * A class that beats the truth at one beta, or -1; the one that did at the last beta is asked first. `from`: where the
 * inverse lengths of this beta begin; `added`: how often the picture's class statistics, if any, are added.
 * @type {(part: Part, beta: number, truth: number, from: number, last: number, statistics: Float32Array | null,
 *   added: number) => number}
 */
function rivalOf({ base, linear, square, inverse }, beta, truth, from, last, statistics, added) {
  /** @type {(k: number) => number} */
  const score = (k) => {
    const mixed = (base[k] + beta * (linear[k] + beta * square[k])) * inverse[from + k];
    return statistics ? mixed + added * statistics[k] : mixed;
  };
  const best = score(truth);
  if (last >= 0 && score(last) > best) return last;
  for (let k = 0; k < base.length; k++) {
    const value = score(k);
    if (value > best || (value === best && k < truth)) return k;
  }
  return -1;
}

/**
 * Percent right per cell; null where the set has no pictures of that kind. Elsewhere every control has the same weight.
 * @type {(job: PlaneJob) => Planes}
 */
export function planeAccuracies({ parts }) {
  /** @type {(kind: Part["key"]) => number[] | null} */
  const percent = (kind) => {
    const own = parts.filter(({ key }) => key === kind);
    if (!own.length) return null;
    return Array.from(own[0].right, (_, cell) => (
      own.reduce((sum, { right, pictures }) => sum + (100 * right[cell]) / pictures.length, 0) / own.length));
  };
  const [seen, unseen] = [percent("seen"), percent("unseen")];
  const harmonic = seen && unseen ? seen.map((value, at) => harmonicOf(value, unseen[at])) : null;
  return { seen, unseen, harmonic, elsewhere: percent("elsewhere") };
}
