// The method in one dimension, as in the paper's Figure 1: f(x) = sin 2x is the frozen model, a shift g(x) = x + c is
// what can be learned, and it applies by alpha only near the shots.

/** @import { Errors, Point } from '../../types.d.ts' */

/** What is to be learned is f, shifted by so much; the shots are a little off it. */
const TRUE_SHIFT = 0.6;
/** @type {Point[]} */
export const SHOTS = [[0.5, 0.05], [0.9, -0.05], [1.3, 0.041]].map(([x, off]) => ({ x, y: wanted(x) + off }));
/** Where shots can be dragged to. */
export const ROOM = { left: 0, right: 2, low: -1.4, high: 1.4 };

const BESIDE = 0.2;
/** 46 points from -2.8 to -.55, left of everywhere that a shot can be. */
const FAR_LEFT = Array.from({ length: 46 }, (_, step) => -2.8 + 0.05 * step);
/** As in the page's own mask: a point so close to a shot is the shot itself. */
const DIRAC_WIDTH = 1e-3;

/** The frozen model. @type {(x: number) => number} */
export function frozen(x) {
  return Math.sin(2 * x);
}

/** What is to be learned. @type {(x: number) => number} */
export function wanted(x) {
  return frozen(x + TRUE_SHIFT);
}

/**
 * The c of g(x) = x + c by which f(g(x)) has the least squares to the shots: the lowest of a scan over one period, then
 * Newton's steps.
 * @type {(shots: Point[]) => number}
 */
export function fitShift(shots) {
  /** @type {(c: number) => number} */
  const loss = (c) => shots.reduce((sum, { x, y }) => sum + (frozen(x + c) - y) ** 2, 0);
  const tried = Array.from({ length: 181 }, (_, step) => ((step - 90) * Math.PI) / 180);
  let shift = tried.reduce((best, c) => (loss(c) < loss(best) ? c : best));
  for (let step = 0; step < 6; step++) {
    let [slope, bend] = [0, 0];
    for (const { x, y } of shots) {
      const [value, rise] = [frozen(x + shift), 2 * Math.cos(2 * (x + shift))];
      slope += (value - y) * rise;
      bend += rise * rise - 4 * (value - y) * value;
    }
    if (bend > 1e-9) shift -= slope / bend;
  }
  return shift;
}

/**
 * alpha at x, by the distance d to the nearest shot. On the unit circle two neighbours at an angle d have the cosine
 * distance 1 - cos d, which is d^2 / 2; so gamma means here what it means in CLIP's space.
 * @type {(x: number, shots: Point[], beta: number, gamma: number) => number}
 */
export function alphaAt(x, shots, beta, gamma) {
  const nearest = Math.min(...shots.map((shot) => Math.abs(x - shot.x)));
  const distance = (nearest * nearest) / 2;
  if (gamma === Infinity) return distance < DIRAC_WIDTH ? beta : 0;
  return beta * Math.exp(-gamma * distance);
}

/**
 * The localized function: f(z) with z = alpha g(x) + (1 - alpha) x, which is x + alpha c.
 * @type {(x: number, shots: Point[], shift: number, beta: number, gamma: number) => number}
 */
export function localized(x, shots, shift, beta, gamma) {
  return frozen(x + alphaAt(x, shots, beta, gamma) * shift);
}

/**
 * On average: how far the localized function is from the shots, how far from what is to be learned .2 beside them, and
 * how much it differs from f far to the left of them.
 * @type {(shots: Point[], shift: number, beta: number, gamma: number) => Errors}
 */
export function errorsOf(shots, shift, beta, gamma) {
  /** @type {(x: number) => number} */
  const value = (x) => localized(x, shots, shift, beta, gamma);
  const beside = shots.map(({ x }) => x + BESIDE);
  return {
    shots: mean(shots.map(({ x, y }) => Math.abs(value(x) - y))),
    beside: mean(beside.map((x) => Math.abs(value(x) - wanted(x)))),
    far: mean(FAR_LEFT.map((x) => Math.abs(value(x) - frozen(x)))),
  };
}

/** @type {(values: number[]) => number} */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
