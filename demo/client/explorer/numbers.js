// What a frame computes: the answers at the settings of the state, what they changed, and what colours go by.

import { changeOf } from "./model/formula.js";
import { makeSweeps, markMoved, sweepAll } from "./model/problems.js";
import { fillShade } from "./model/selection.js";
import { settingOf } from "./model/shelf/masks.js";
import { fillActing, summariseSets, withoutSets } from "./model/shelf/sets.js";
import { summarise } from "./model/summary.js";

/** @import { Data, Numbers, Setting, Side } from '../types.d.ts' */
/** @import { State } from "./state.js" */

/**
 * Arrays that are made once per data set; CLIP's own answers are the sweep at beta 0, of no set.
 * @type {(data: Data) => Numbers}
 */
export function makeNumbers(data) {
  const sweeps = makeSweeps(data);
  sweepAll(sweeps, withoutSets(data), 0, 0);
  const [clip, changes] = [sweeps.best.slice(), new Uint8Array(data.n)];
  const clipSummary = summarise(data, clip, changes, markMoved(withoutSets(data), 0, 0));
  const clipSets = summariseSets(data, clip);
  return {
    data, sweeps, clip, changes, clipSummary, summary: clipSummary, why: null,
    shade: new Uint8Array(data.n), shares: new Uint8Array(data.n), colours: data.images.names.map(() => ""),
    received: { images: new Float64Array(data.n), classes: new Float64Array(data.classes.names.length) },
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
  fillReceived(numbers.received.images, "images", sweeps.alpha, data, state);
  fillReceived(numbers.received.classes, "classes", sweeps.workspaces[0].classes.alpha, data, state);
  const values = colouredValues(numbers, state);
  fillShade(shade, data.kinds, filter, chosen, values);
  return values;
}

/**
 * What share of the update every point receives: alpha / beta, of the set that has most of it.
 * @type {(out: Float64Array, side: Side, alpha: Float64Array, data: Data, sliders: Setting) => void}
 */
function fillReceived(out, side, alpha, { shelf }, sliders) {
  for (let i = 0; i < out.length; i++) {
    const { beta } = settingOf(shelf, side, i, sliders);
    out[i] = beta > 0 ? Math.min(alpha[i] / beta, 1) : 0;
  }
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
