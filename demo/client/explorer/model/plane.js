// Accuracy over the whole beta x gamma plane, without retraining, in the browser.
//
// The most similar class of a picture does not depend on the length of the picture's own z. With e the mask at beta 1
// (so that alpha = beta e) the rest is a polynomial in beta, divided by the length n_k of the class's z:
//
//   z_i . z_k  ~  (uu + beta [e_i (vu - uu) + e_k (uv - uu)] + beta^2 e_i e_k (uu - vu - uv + vv)) / n_k
//
// so each gamma costs its three coefficients once, and each beta two multiplications per picture and class.

import { harmonicOf, interpolationWeight, mixtureNorm } from "./formula.js";
import { GAMMA_STOPS, gammaAt } from "./scales.js";

/** @import { Accuracy, Data } from '../../types.d.ts' */

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

/** The rows of the test pictures whose class is known. @type {(data: Data) => number[]} */
function planePictures(data) {
  const { truth, group } = data.images;
  return Array.from(truth.keys()).filter((i) => group[i] === 1 && truth[i] >= 0);
}

/**
 * A computation that can be done in slices; cell (beta, gamma) is number `beta * gammas.length + gamma`.
 * @param {Data} data @param {number[]} betas @param {number[]} gammas
 */
export function startPlane(data, betas, gammas) {
  const classes = data.classes.nearest.length;
  const cells = betas.length * gammas.length;
  const count = () => new Uint32Array(cells);
  const row = () => new Float64Array(classes);
  const job = {
    data, betas, gammas, classes, pictures: planePictures(data), column: 0, next: 0,
    shares: row(), base: row(), linear: row(), square: row(), inverse: new Float64Array(betas.length * classes),
    right: { seen: count(), unseen: count() }, totals: { seen: 0, unseen: 0 },
  };
  for (const i of job.pictures) job.totals[planeKind(data, i)]++;
  return job;
}

/** @type {(data: Data, i: number) => "seen" | "unseen"} */
function planeKind(data, i) {
  return data.classes.seen[data.images.truth[i]] ? "seen" : "unseen";
}

/**
 * Works until the clock shows `deadline`; true when the plane is complete.
 * @type {(job: PlaneJob, deadline?: number) => boolean}
 */
export function stepPlane(job, deadline = Infinity) {
  while (job.column < job.gammas.length) {
    if (job.next === 0) prepareColumn(job, job.gammas[job.column]);
    while (job.next < job.pictures.length) {
      countPicture(job, job.pictures[job.next++]);
      if (job.next % 4 === 0 && performance.now() > deadline) return false;
    }
    job.next = 0;
    job.column++;
  }
  return true;
}

/** e_k and 1 / n_k of every class, for one gamma. @type {(job: PlaneJob, gamma: number) => void} */
function prepareColumn(job, gamma) {
  const { nearest, uv } = job.data.classes;
  for (let k = 0; k < job.classes; k++) job.shares[k] = interpolationWeight(nearest[k], 1, gamma);
  job.betas.forEach((beta, b) => {
    for (let k = 0; k < job.classes; k++) {
      const a = beta * job.shares[k];
      job.inverse[b * job.classes + k] = 1 / mixtureNorm(a, uv[k]);
    }
  });
}

/** @type {(job: PlaneJob, i: number) => void} */
function countPicture(job, i) {
  const { data, classes, shares, base, linear, square } = job;
  const { uu, vu, uv, vv } = data.scores;
  const share = interpolationWeight(data.images.nearest[i], 1, job.gammas[job.column]);
  for (let k = 0, at = i * classes; k < classes; k++, at++) {
    base[k] = uu[at];
    linear[k] = share * (vu[at] - uu[at]) + shares[k] * (uv[at] - uu[at]);
    square[k] = share * shares[k] * (uu[at] - vu[at] - uv[at] + vv[at]);
  }
  const right = job.right[planeKind(data, i)];
  let rival = -1;
  for (let b = 0; b < job.betas.length; b++) {
    rival = rivalOf(job, data.images.truth[i], b, rival);
    if (rival < 0) right[b * job.gammas.length + job.column]++;
  }
}

/**
 * A class that beats the truth at one beta, or -1; the one that did at the last beta is asked first.
 * @type {(job: PlaneJob, truth: number, b: number, last: number) => number}
 */
function rivalOf(job, truth, b, last) {
  const { classes, base, linear, square, inverse } = job;
  const beta = job.betas[b];
  const from = b * classes;
  /** @type {(k: number) => number} */
  const score = (k) => (base[k] + beta * (linear[k] + beta * square[k])) * inverse[from + k];
  const best = score(truth);
  if (last >= 0 && score(last) > best) return last;
  for (let k = 0; k < classes; k++) {
    const value = (base[k] + beta * (linear[k] + beta * square[k])) * inverse[from + k];
    if (value > best || (value === best && k < truth)) return k;
  }
  return -1;
}

/**
 * Percent right per cell, {seen, unseen, harmonic}; null where the set has no test pictures of that kind.
 * @type {(job: PlaneJob) => Planes}
 */
export function planeAccuracies(job) {
  /** @type {(kind: "seen" | "unseen") => number[] | null} */
  const percent = (kind) => {
    const total = job.totals[kind];
    return total ? Array.from(job.right[kind], (count) => (100 * count) / total) : null;
  };
  const [seen, unseen] = [percent("seen"), percent("unseen")];
  return { seen, unseen, harmonic: seen && unseen ? seen.map((value, at) => harmonicOf(value, unseen[at])) : null };
}
