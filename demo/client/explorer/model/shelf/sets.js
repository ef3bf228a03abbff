// The sets on the shelf: which of them act, and what follows from that for everything that speaks of the nearest taught
// picture or name.

import { decodeFloats } from "../arrays.js";
import { accuracyOf } from "../formula.js";
import { TEST, TRAINING } from "../selection.js";
import { decodeSet } from "./masks.js";

/** @import { Colouring, Data, Floats, Part, Parts, Payload, Problem, SetSummary, Shelf, ShelfSet, Side } from '../../../types.d.ts' */

/** @type {(values: Part<Floats>) => Part} */
export function decodePart({ nearest, closeness, pairs, anchor }) {
  return {
    nearest: nearest.map(decodeFloats), closeness: closeness?.map(decodeFloats), pairs: pairs.map(decodeFloats), anchor,
  };
}

/** @type {(values: Parts<Floats> | null | undefined) => Parts | null} */
export function decodeParts(values) {
  if (!values) return null;
  const { images, classes, products, statistics } = values;
  return {
    images: decodePart(images), classes: decodePart(classes), products: products.map(decodeFloats),
    statistics: statistics.map((one) => one === null ? null : decodeFloats(one)), counted: true,
  };
}

/**
 * The shelf of a payload; null without one. Sets that cannot act have a reason, and no part in any number.
 * @type {(payload: Payload, n: number) => Shelf | null}
 */
export function decodeShelf({ shelf, owners = [], familiarities = [], classes, images, elsewhere }, n) {
  if (!shelf) return null;
  const sets = shelf.map(decodeSet);
  const able = sets.filter(({ why }) => !why);
  const nearest = {
    images: new Int8Array(n).fill(-1), classes: new Int8Array(classes.names.length).fill(-1),
    everyday: new Int8Array(elsewhere?.everyday?.names.length ?? 0).fill(-1),
  };
  return {
    sets, able, moved: 0, owners: Int8Array.from(owners), familiarities, acting: [], nearest, together: owners.length > 0,
    taught: able.map((_, s) => new Set(images.truth.filter((_truth, i) => owners[i] === s && images.group[i] === TRAINING))),
  };
}

/**
 * What follows from the switches: the cosine to the nearest anchor of those sets that act (where none does, of all), and
 * where one acts alone the very arrays that it has by itself.
 * @type {(data: Data) => void}
 */
export function applySwitches(data) {
  const { shelf, problems, everyday } = data;
  if (!shelf?.together) return;
  shelf.acting = shelf.able.flatMap(({ on }, s) => (on ? [s] : []));
  const near = shelf.acting.length ? shelf.acting : shelf.able.map((_, s) => s);
  for (const problem of problems) applyTo(problem, data, shelf, near);
  if (everyday?.parts) fillNearest(everyday.nearest, everyday.parts, near, shelf.nearest.everyday);
  if (everyday?.parts && shelf.acting.length === 1) everyday.uv.set(everyday.parts.pairs[near[0]]);
}

/** @type {(problem: Problem, data: Data, shelf: Shelf, near: number[]) => void} */
function applyTo(problem, data, { acting, nearest }, near) {
  const { parts, images, classes, start, n } = problem;
  if (!parts) return;
  const owners = nearest.images.subarray(start, start + n);
  fillNearest(images.nearest, parts.images, near, owners);
  fillNearest(classes.nearest, parts.classes, near, start === 0 ? nearest.classes : undefined);
  for (let i = 0; i < n; i++) data.images.nearestAnchor[start + i] = parts.images.anchor?.[owners[i]][i] ?? -1;
  if (acting.length !== 1) return;
  const [[s], places] = [acting, parts.statistics.length + 1];
  images.uv.set(parts.images.pairs[s]); // of the point itself and g_s of it, which come first
  classes.uv.set(parts.classes.pairs[s]);
  const [vu, uv, vv] = [(s + 1) * places, s + 1, (s + 1) * (places + 1)].map((at) => parts.products[at]);
  problem.statistics = parts.statistics[s];
  Object.assign(problem.scores, { vu, uv, vv, statistics: parts.counted ? problem.statistics : null });
}

/** The largest cosine of the sets `near`, and whose it is. @type {(out: Float32Array, part: Part, near: number[], owners?: Int8Array) => void} */
function fillNearest(out, { nearest }, near, owners) {
  for (let i = 0; i < out.length; i++) {
    let best = near[0];
    for (const s of near) if (nearest[s][i] > nearest[best][i]) best = s;
    out[i] = nearest[best][i];
    if (owners) owners[i] = best;
  }
}

/** Whether the formula of one set does not do. @type {(shelf: Shelf | null) => shelf is Shelf} */
export function actsTogether(shelf) {
  return shelf !== null && shelf.together && shelf.acting.length !== 1;
}

/** The same where no set acts: what the frozen model answers. @type {(data: Data) => Data} */
export function withoutSets(data) {
  return data.shelf?.together ? { ...data, shelf: { ...data.shelf, acting: [] } } : data;
}

/** A set is switched; tells whether that changes anything. @type {(data: Data, name: string, on: boolean) => boolean} */
export function switchSet(data, name, on) {
  const set = data.shelf?.able.find((one) => one.name === name);
  if (!data.shelf?.together || !set || set.on === on) return false;
  set.on = on;
  applySwitches(data);
  return true;
}

/** The switches as they stand in `before` go on in `data`, by the names of the sets. @type {(before: Data, data: Data) => void} */
export function keepSwitches(before, data) {
  for (const set of data.shelf?.able ?? []) {
    const same = before.shelf?.able.find(({ name }) => name === set.name);
    if (same) set.on = same.on;
  }
  applySwitches(data);
}

/**
 * What the map of another data set is coloured by: a compared system's answers stay behind, and where several sets came
 * together they are told apart, until another colouring is chosen.
 * @type {(data: Data, colouring: Colouring, sameModel: boolean) => Colouring}
 */
export function colouringIn({ shelf }, colouring, sameModel) {
  if (colouring === "method" || (colouring === "set" && !shelf?.together)) colouring = "alpha";
  return shelf?.together && !sameModel && colouring === "alpha" ? "set" : colouring;
}

/** The names of the sets that are switched off, null where there is none to switch. @type {(data: Data | null) => string[] | null} */
export function restingOf(data) {
  return data?.shelf?.together ? data.shelf.able.filter(({ on }) => !on).map(({ name }) => name) : null;
}

/**
 * The set that has most of a point, of those that act; null without a shelf, and where none reaches it.
 * @type {(data: Data, side: Side, i: number, alpha: number) => ShelfSet | null}
 */
export function actingSet({ shelf }, side, i, alpha) {
  if (!shelf?.together || !(alpha > 0) || !shelf.acting.length) return null;
  return shelf.able[shelf.nearest[side][i]] ?? null;
}

/** From which cosine on picture i is familiar, by the set that it is nearest to. @type {(data: Data, i: number) => number | null} */
export function familiarFromAt({ shelf, familiarFrom }, i) {
  return shelf?.together ? shelf.familiarities[shelf.nearest.images[i]] ?? null : familiarFrom;
}

/**
 * The set of every picture that has most of it, -1 where none reaches it, into `out`.
 * @type {(out: Int32Array, shelf: Shelf, alpha: Float64Array) => void}
 */
export function fillActing(out, shelf, alpha) {
  const some = shelf.acting.length > 0;
  for (let i = 0; i < out.length; i++) out[i] = some && alpha[i] > 0 ? shelf.nearest.images[i] : -1;
}

/**
 * Percent right of each set's own test pictures among the classes of all: of classes that it was taught, and of others.
 * @type {(data: Data, best: Int32Array) => SetSummary[]}
 */
export function summariseSets({ shelf, images }, best) {
  if (!shelf?.together) return [];
  const { owners, taught } = shelf;
  const own = best.subarray(0, owners.length);
  return taught.map((classes, s) => {
    /** @type {(seen: boolean) => number | null} */
    const percent = (seen) => accuracyOf(own, images.truth, (i) => (
      owners[i] === s && images.group[i] === TEST && classes.has(images.truth[i]) === seen));
    return { seen: percent(true), unseen: percent(false) };
  });
}
