// Which class is taken for which, as counts.

/** @import { Belongs, FrameValues } from '../../types.d.ts' */

/** @typedef {"clip" | "llu" | "difference"} ConfusionMode */

/**
 * counts[truth * classes + answer] over the pictures that `belongs(i)` admits and whose class is known.
 * @type {(truth: Int32Array, answers: Int32Array, classes: number, belongs: Belongs) => Int32Array}
 */
export function confusionCounts(truth, answers, classes, belongs) {
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < answers.length; i++) {
    if (truth[i] >= 0 && belongs(i)) counts[truth[i] * classes + answers[i]]++;
  }
  return counts;
}

/**
 * At most `cap` classes, those in most mistakes of either model, as truth or as answer; in their usual order.
 * @type {(clip: Int32Array, llu: Int32Array, classes: number, cap: number) => number[]}
 */
export function mostConfused(clip, llu, classes, cap) {
  const all = Array.from({ length: classes }, (_, k) => k);
  if (classes <= cap) return all;
  const mistakes = new Float64Array(classes);
  for (let at = 0; at < clip.length; at++) {
    const [row, column] = [Math.floor(at / classes), at % classes];
    if (row === column) continue;
    mistakes[row] += clip[at] + llu[at];
    mistakes[column] += clip[at] + llu[at];
  }
  return all.sort((a, b) => mistakes[b] - mistakes[a] || a - b).slice(0, cap).sort((a, b) => a - b);
}

/**
 * The pictures behind one cell; for the difference those that only one of the two models puts there.
 * @type {(frame: FrameValues, row: number, column: number, mode: ConfusionMode, belongs: Belongs) => number[]}
 */
export function confusionMembers({ data, clip, llu }, row, column, mode, belongs) {
  /** @type {Record<ConfusionMode, Belongs>} */
  const inside = {
    clip: (i) => clip[i] === column, llu: (i) => llu[i] === column,
    difference: (i) => (clip[i] === column) !== (llu[i] === column),
  };
  const members = [];
  for (let i = 0; i < data.n; i++) {
    if (data.images.truth[i] === row && belongs(i) && inside[mode](i)) members.push(i);
  }
  return members;
}
