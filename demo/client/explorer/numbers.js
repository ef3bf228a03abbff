// What a frame computes: the answers at the settings of the state, what they changed, and what colours go by.

import { changeOf } from "./model/formula.js";
import { makeSweeps, markMoved, sweepAll } from "./model/problems.js";
import { fillShade } from "./model/selection.js";
import { fillActing, summariseSets } from "./model/shelf/sets.js";
import { summarise } from "./model/summary.js";

/** @import { Data, Numbers } from '../types.d.ts' */
/** @import { State } from "./state.js" */

/**
 * Arrays that are made once per data set; CLIP's own answers are the sweep at beta 0.
 * @type {(data: Data) => Numbers}
 */
export function makeNumbers(data) {
  const sweeps = makeSweeps(data);
  sweepAll(sweeps, data, 0, 0);
  const [clip, changes] = [sweeps.best.slice(), new Uint8Array(data.n)];
  const clipSummary = summarise(data, clip, changes, markMoved(data, 0, 0));
  const clipSets = summariseSets(data, clip);
  return {
    data, sweeps, clip, changes, clipSummary, summary: clipSummary, why: null,
    shade: new Uint8Array(data.n), shares: new Uint8Array(data.n), colours: data.images.names.map(() => ""),
    acting: new Int32Array(data.n).fill(-1), clipSets, sets: clipSets,
  };
}

/**
 * Fills the numbers at the settings of the state; returns what the colouring goes by.
 * @type {(numbers: Numbers, state: State) => Int32Array | Uint8Array | null}
 */
export function computeNumbers(numbers, state) {
  const { beta, gamma, filter, chosen } = state;
  const { data, sweeps, clip, changes, shade, acting } = numbers;
  sweepAll(sweeps, data, beta, gamma);
  const { truth } = data.images;
  for (let i = 0; i < data.n; i++) changes[i] = changeOf(truth[i], clip[i], sweeps.best[i]);
  numbers.summary = summarise(data, sweeps.best, changes, markMoved(data, beta, gamma));
  numbers.sets = summariseSets(data, sweeps.best);
  if (data.shelf?.together) fillActing(acting, data.shelf, sweeps.alpha);
  const values = colouredValues(numbers, state);
  fillShade(shade, data.kinds, filter, chosen, values);
  return values;
}

/**
 * What the colouring goes by, one number per picture; null where it is alpha. Pictures elsewhere are none of the set's
 * classes and have no number where it goes by these.
 * @type {(numbers: Numbers, state: State) => Int32Array | Uint8Array | null}
 */
function colouredValues({ data, clip, sweeps, changes, acting }, { colouring, system }) {
  /** @type {(values: Int32Array) => Int32Array} */
  const own = (values) => values.subarray(0, data.problems[0].n);
  return {
    alpha: null, truth: own(data.images.truth), clip: own(clip), llu: own(sweeps.best), changed: changes,
    set: acting, method: system ? system.answers : null,
  }[colouring];
}
