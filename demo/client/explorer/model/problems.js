// The closed problems that a data set consists of: its own classes and pictures first, then the controls, problems of
// other classes that were never trained on. A picture's answer is one of the classes of its own problem.

import { decodeNear, decodeScores, frozenScores, roomNear } from "./arrays.js";
import { accuracyOf, interpolationWeight, makeWorkspace, mixtureNorm, probabilitiesAt, softmaxRow, sweepTo } from "./formula.js";
import { composeTo, keptOf, makeSeveral, makeSide } from "./shelf/composed.js";
import { settingAlone, settingsAt } from "./shelf/masks.js";
import { actsTogether, decodePart, decodeParts } from "./shelf/sets.js";

/** @import { ControlValues, Data, Everyday, EverydayValues, Floats, Near, Problem } from '../../types.d.ts' */
/** @import { Scores, Sweeps } from '../../types.d.ts' */

/**
 * The set's own problem and the controls; every one has its part of the rows of `images`, in their order.
 * @type {(images: Data["images"], own: Pick<Problem, "classes" | "scores" | "parts">, controls: ControlValues<Floats>[],
 *   logitScale: number) => Problem[]}
 */
export function decodeProblems(images, own, controls, logitScale) {
  const further = controls.reduce((sum, { n }) => sum + n, 0);
  let start = images.nearest.length - further;
  const { statistics } = own.scores;
  const first = { name: "", start: 0, ...own, ...rowsOf(images, 0, start), logitScale, statistics };
  return [first, ...controls.map((control) => {
    const { name, classNames, n } = control;
    const parts = decodeParts(control.parts);
    const near = parts ? roomNear(classNames.length) : decodeNear(/** @type {Near<string>} */ (control));
    const classes = { names: classNames, seen: classNames.map(() => false), ...near };
    const scores = parts ? frozenScores(parts) : decodeScores(/** @type {Scores<string>} */ (control.scores));
    const problem = {
      name, start, classes, scores, ...rowsOf(images, start, n), logitScale, statistics: scores.statistics, parts,
    };
    start += n;
    return problem;
  })];
}

/** @type {(images: Data["images"], start: number, n: number) => Pick<Problem, "n" | "images">} */
function rowsOf({ nearest, uv }, start, n) {
  return { n, images: { nearest: nearest.subarray(start, start + n), uv: uv.subarray(start, start + n) } };
}

/**
 * Let class statistics count in every answer, or in none, where the adapter has some: the formula counts what is among the
 * scores, and a problem keeps its own, so that nothing is asked of the server.
 * @type {(data: Data, on: boolean) => void}
 */
export function countStatistics(data, on) {
  if (data.statistics === null) return;
  data.statistics = on;
  for (const problem of data.problems) {
    problem.scores.statistics = on ? problem.statistics : null;
    if (problem.parts) problem.parts.counted = on;
  }
}

/**
 * Scores that the server sent for a set, with class statistics only while these count.
 * @type {(scores: Scores, data: Pick<Data, "statistics">) => Scores}
 */
export function asCounted(scores, { statistics }) {
  return statistics === false ? { ...scores, statistics: null } : scores;
}

/**
 * The problems that are no part of the set: neither its own nor that of the live picture.
 * @type {(data: Pick<Data, "problems">) => Problem[]}
 */
export function controlsOf({ problems }) {
  return problems.slice(1).filter(({ live }) => !live);
}

/** Which problem picture i belongs to, as an index. @type {(data: Pick<Data, "problems">, i: number) => number} */
export function problemIndex({ problems }, i) {
  let at = problems.length - 1;
  while (problems[at].start > i) at--;
  return at;
}

/** The names of the classes that picture i was asked about. @type {(data: Pick<Data, "problems">, i: number) => string[]} */
export function classNamesOf(data, i) {
  return data.problems[problemIndex(data, i)].classes.names;
}

/**
 * Room for the answers and alphas of all pictures; each problem's workspace fills its own part of them.
 * @type {(data: Data) => Sweeps}
 */
export function makeSweeps({ problems, n }) {
  const [alpha, best] = [new Float64Array(n), new Int32Array(n)];
  const workspaces = problems.map((problem) => {
    const { start, n: rows, classes, parts } = problem;
    const shared = { alpha: alpha.subarray(start, start + rows), best: best.subarray(start, start + rows) };
    return { ...makeWorkspace(rows, classes.names.length, shared), several: parts ? makeSeveral(problem, parts) : null };
  });
  return { alpha, best, workspaces };
}

/**
 * Fill the sweeps for one (beta, gamma) of the set that the sliders are about; others act as they stand.
 * @type {(sweeps: Sweeps, data: Data, beta: number, gamma: number) => void}
 */
export function sweepAll({ workspaces }, { problems, shelf }, beta, gamma) {
  const alone = settingAlone(shelf, beta, gamma);
  problems.forEach((problem, at) => {
    if (actsTogether(shelf)) composeTo(workspaces[at], problem, shelf.acting, settingsAt(shelf, beta, gamma));
    else sweepTo(workspaces[at], problem, alone.beta, alone.gamma);
  });
}

/**
 * Probabilities of the set's own pictures and classes at one (beta, gamma), as `sweepAll` takes it, row by row.
 * @type {(data: Data, beta: number, gamma: number) => Float32Array}
 */
export function probabilitiesOf(data, beta, gamma) {
  const alone = settingAlone(data.shelf, beta, gamma);
  if (!actsTogether(data.shelf)) return probabilitiesAt(data.problems[0], data.logitScale, alone.beta, alone.gamma);
  const [sweeps, classes] = [makeSweeps(data), data.classes.names.length];
  sweepAll(sweeps, data, beta, gamma);
  const [{ scores }] = sweeps.workspaces;
  const out = new Float32Array(scores.length);
  for (let i = 0; i < data.problems[0].n; i++) softmaxRow(out, scores, i, classes, data.logitScale, i * classes);
  return out;
}

/**
 * Percent right elsewhere: the mean over the controls, each with the same weight; null where there are none.
 * @type {(data: Data, best: Int32Array) => number | null}
 */
export function accuracyElsewhere({ problems, images }, best) {
  const controls = controlsOf({ problems });
  if (!controls.length) return null;
  const found = controls.map(({ start, n }) => (
    accuracyOf(best.subarray(start, start + n), images.truth.subarray(start, start + n), () => true) ?? 0));
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

/** @type {(values: EverydayValues<Floats> | null | undefined, decode: (text: Floats) => Float32Array) => Everyday | null} */
export function decodeEveryday(values, decode) {
  if (!values) return null;
  const { names, nearest, uv, thresholds, parts } = values;
  const [count, moved] = [names.length, new Uint8Array(names.length)];
  const near = nearest && uv ? { nearest: decode(nearest), uv: decode(uv) } : roomNear(count);
  const several = parts ? makeSide(parts.nearest.length, count) : null;
  return { names, ...near, thresholds: decode(thresholds), moved, parts: parts ? decodePart(parts) : null, several };
}

/**
 * Marks the everyday names that the update moves noticeably, z.u below their threshold, and returns how many; null
 * without names. The Python twin is llu_core/method/elsewhere/names.py.
 * @type {(data: Pick<Data, "everyday" | "shelf">, beta: number, gamma: number) => number | null}
 */
export function markMoved({ everyday, shelf }, beta, gamma) {
  if (!everyday) return null;
  const { nearest, uv, thresholds, moved, parts, several } = everyday;
  let count = 0;
  if (parts && several && actsTogether(shelf)) {
    const kept = keptOf(several, parts, shelf.acting, settingsAt(shelf, beta, gamma));
    for (let k = 0; k < moved.length; k++) count += moved[k] = Number(kept[k] < thresholds[k]);
    return count;
  }
  const alone = settingAlone(shelf, beta, gamma);
  for (let k = 0; k < moved.length; k++) {
    const a = interpolationWeight(nearest[k], alone.beta, alone.gamma);
    moved[k] = Number((1 - a + a * uv[k]) / mixtureNorm(a, uv[k]) < thresholds[k]);
    count += moved[k];
  }
  return count;
}
