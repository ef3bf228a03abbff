// Which pictures are on stage: the legend hides some (they are gone from the map), a lasso or a list chooses some (the
// others stay as a grey background, so that one still sees where the chosen ones lie).

/** @import { Colouring, Data, Filter, Kind } from '../../types.d.ts' */

/** @typedef {1 | -1 | "first" | "last"} Step */

export const SHOWN = 0;
export const DIMMED = 1;
export const HIDDEN = 2;

/** Values of images.group. */
export const TRAINING = 0;
export const TEST = 1;
export const QUERY = 2;
export const ELSEWHERE = 3;

/** @type {Kind[]} */
export const KINDS = ["elsewhere", "train", "seen", "unseen", "query"];
/**
 * What the map can be coloured by in any set; a compared system's answers ("method") come and go.
 * @type {Colouring[]}
 */
export const COLOURINGS = ["alpha", "truth", "clip", "llu", "changed"];

/**
 * The one of KINDS that picture i is of; `images` and `classes` are those of a data set.
 * @type {(images: Data["images"], classes: Data["classes"], i: number) => Kind}
 */
export function kindOf(images, classes, i) {
  if (images.group[i] === TRAINING) return "train";
  if (images.group[i] === QUERY) return "query";
  if (images.group[i] === ELSEWHERE) return "elsewhere";
  const truth = images.truth[i];
  return truth >= 0 && !classes.seen[truth] ? "unseen" : "seen";
}

/**
 * kinds: names of KINDS; values: class rows or changes, by the colouring of the moment. What lies elsewhere is off at
 * first.
 * @type {() => Filter}
 */
export function makeFilter() {
  return { kinds: new Set(["elsewhere"]), values: new Set() };
}

/** Whether anything is hidden that is not off at first. @type {(filter: Filter) => boolean} */
export function isFiltering({ kinds, values }) {
  return values.size > 0 || KINDS.some((kind) => kind !== "elsewhere" && kinds.has(kind));
}

/** How many pictures are hidden, those apart that are off at first. @type {(shade: Uint8Array, kinds: Kind[]) => number} */
export function countHidden(shade, kinds) {
  let count = 0;
  for (let i = 0; i < shade.length; i++) if (shade[i] === HIDDEN && kinds[i] !== "elsewhere") count++;
  return count;
}

/**
 * SHOWN, DIMMED or HIDDEN per picture, into `shade`. `values`: what the colouring goes by, or null; pictures that it has
 * no value for (elsewhere, where it goes by the set's classes) are hidden by their kind alone.
 * @type {(shade: Uint8Array, kinds: Kind[], filter: Filter, chosen: Uint8Array | null,
 *   values: Int32Array | Uint8Array | null) => void}
 */
export function fillShade(shade, kinds, filter, chosen, values) {
  const hiding = filter.values.size > 0 && values !== null;
  for (let i = 0; i < shade.length; i++) {
    const hidden = filter.kinds.has(kinds[i]) || (hiding && filter.values.has(values[i]));
    shade[i] = hidden ? HIDDEN : chosen && !chosen[i] ? DIMMED : SHOWN;
  }
}

/**
 * Where the picture that is row i of `before` stands in `data`, by its name; -1 where it is gone.
 * @type {(before: Data, i: number, data: Data) => number}
 */
export function keptByName(before, i, data) {
  const same = data.images.names[i] === before.images.names[i];
  return same ? i : data.images.names.indexOf(before.images.names[i]);
}

/**
 * The same pictures by name in a new payload of the same model, where a query may have come or gone.
 * @type {(before: Data, chosen: Uint8Array | null, data: Data) => Uint8Array | null}
 */
export function keptChoice(before, chosen, data) {
  if (!chosen) return null;
  const names = new Set(before.images.names.filter((_, i) => chosen[i]));
  const kept = Uint8Array.from(data.images.names, (name) => Number(names.has(name)));
  return kept.includes(1) ? kept : null;
}

/**
 * The picture that a step leads to from picture i: `step` is 1, -1, "first" or "last", and pictures that are not SHOWN
 * are passed over; -1 where none is shown.
 * @type {(shade: Uint8Array, i: number, step: Step) => number}
 */
export function nextShown(shade, i, step) {
  const n = shade.length;
  const forth = step === "first" || step === 1;
  let at = step === "first" ? n - 1 : step === "last" ? 0 : Math.max(i, 0);
  for (let tries = 0; tries < n; tries++) {
    at = (at + (forth ? 1 : -1) + n) % n;
    if (shade[at] === SHOWN) return at;
  }
  return -1;
}

/** How many entries of an array are `value`. @type {(values: Uint8Array, value: number) => number} */
export function countOf(values, value) {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === value) count++;
  return count;
}

/** Takes a key out of a set, or puts it in. @type {<K>(keys: Set<K>, key: K) => void} */
export function flip(keys, key) {
  if (!keys.delete(key)) keys.add(key);
}
