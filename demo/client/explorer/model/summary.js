// What a setting does to a set: accuracies of seen and unseen classes, and the predictions that changed.

import { accuracyOf, BROKEN, changeOf, FIXED, harmonicMean, MOVED } from "./formula.js";
import { accuracyElsewhere, makeSweeps, markMoved, sweepAll } from "./problems.js";
import { ELSEWHERE, TEST } from "./selection.js";
import { makeSide } from "./shelf/composed.js";
import { withoutSets } from "./shelf/sets.js";

/** @import { Belongs, Data, Summary } from '../../types.d.ts' */

/**
 * Accuracy of test pictures over ALL classes and of the controls over their own, and how many of the counted pictures
 * changed. `names`: how many everyday names moved.
 * @type {(data: Data, best: Int32Array, changes: Uint8Array, names?: number | null) => Summary}
 */
export function summarise(data, best, changes, names = null) {
  const { truth, group } = data.images;
  /** @type {(seen: boolean) => Belongs} */
  const isTest = (seen) => (i) => group[i] === TEST && truth[i] >= 0 && Boolean(data.classes.seen[truth[i]]) === seen;
  const seen = accuracyOf(best, truth, isTest(true));
  const unseen = accuracyOf(best, truth, isTest(false));
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < data.n; i++) if (data.counted[i]) counts[changes[i]]++;
  return {
    seen, unseen, harmonic: harmonicMean(seen, unseen), elsewhere: accuracyElsewhere(data, best), names,
    fixed: counts[FIXED], broken: counts[BROKEN], moved: counts[MOVED],
    changed: counts[FIXED] + counts[BROKEN] + counts[MOVED],
  };
}

/**
 * Pictures the "changed" numbers speak of: the test pictures, or all labelled ones where there is no test picture.
 * @type {(images: Data["images"]) => Uint8Array}
 */
export function countedPictures({ truth, group }) {
  const anyTest = group.includes(TEST);
  return group.map((kind, i) => Number(kind !== ELSEWHERE && (anyTest ? kind === TEST : truth[i] >= 0)));
}

/**
 * The answers at one setting, computed once and aside from the page's own sweep.
 * @type {(data: Data, beta: number, gamma: number) => Int32Array}
 */
export function answersAt(data, beta, gamma) {
  const sweeps = makeSweeps(data);
  sweepAll(sweeps, data, beta, gamma);
  return sweeps.best;
}

/**
 * What the update did to each answer, as `changeOf` tells it.
 * @type {(truth: Int32Array, clip: Int32Array, best: Int32Array) => Uint8Array}
 */
function changesOf(truth, clip, best) {
  return Uint8Array.from(best, (after, i) => changeOf(truth[i], clip[i], after));
}

/**
 * What a setting does to the set: the tiles' summary there.
 * @type {(data: Data, clip: Int32Array, beta: number, gamma: number) => Summary}
 */
export function outcomeAt(data, clip, beta, gamma) {
  const best = answersAt(data, beta, gamma);
  const everyday = data.everyday && {
    ...data.everyday, moved: new Uint8Array(data.everyday.names.length),
    several: data.everyday.parts && makeSide(data.everyday.parts.nearest.length, data.everyday.names.length),
  };
  const names = markMoved({ everyday, shelf: data.shelf }, beta, gamma);
  return summarise(data, best, changesOf(data.images.truth, clip, best), names);
}

/**
 * A picture worth looking at first: one that the update fixed, else the first that counts.
 * @type {(data: Data, beta: number, gamma: number) => number}
 */
export function openingPicture(data, beta, gamma) {
  const changes = changesOf(data.images.truth, answersAt(withoutSets(data), 0, 0), answersAt(data, beta, gamma));
  const fixed = changes.findIndex((change, i) => change === FIXED && data.counted[i] === 1);
  return fixed >= 0 ? fixed : Math.max(data.counted.indexOf(1), 0);
}

/**
 * 0, 1 or 2: `value` is below, equal to or above `base` at the one digit that the tiles show.
 * @type {(value: number, base: number) => number}
 */
export function directionOf(value, base) {
  const delta = Number((value - base).toFixed(1));
  return delta < 0 ? 0 : delta > 0 ? 2 : 1;
}
