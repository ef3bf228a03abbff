// Beta and gamma of every set on the shelf, which set the sliders are about, and what of it outlives another data set.

import { readGamma, toldGamma } from "../numbers.js";

/** @import { Data, SentSet, Setting, Shelf, ShelfSet, Side } from '../../../types.d.ts' */

/** A set as the page has it: `given` is where its sliders stood when it came. @type {(sent: SentSet) => ShelfSet} */
export function decodeSet(sent) {
  const given = { beta: sent.beta, gamma: readGamma(sent.gamma) };
  return { ...sent, ...given, given };
}

/**
 * Beta and gamma of every set that can act, the one that the sliders are about at those given.
 * @type {(shelf: Shelf, beta: number, gamma: number) => Setting[]}
 */
export function settingsAt({ able, moved }, beta, gamma) {
  return able.map((set, s) => (s === moved ? { beta, gamma } : set));
}

/**
 * The setting by which a formula of one set answers: the sliders', or that of the one set that acts.
 * @type {(shelf: Shelf | null, beta: number, gamma: number) => Setting}
 */
export function settingAlone(shelf, beta, gamma) {
  return shelf?.together && shelf.acting.length === 1 ? settingsAt(shelf, beta, gamma)[shelf.acting[0]] : { beta, gamma };
}

/**
 * The setting of the set that is nearest to a point: the sliders', where there is one set.
 * @type {(shelf: Shelf | null, side: Side | "everyday", i: number, sliders: Setting) => Setting}
 */
export function settingOf(shelf, side, i, sliders) {
  return (shelf?.together && shelf.able[shelf.nearest[side][i]]) || sliders;
}

/**
 * What the strip's shade is drawn by, and whose it is: the set that the sliders are about while it acts, else the first
 * that does; -1 where there is one set, or none acts.
 * @type {(shelf: Shelf | null, sliders: Setting) => Setting & { title: string, set: number }}
 */
export function shadedSetting(shelf, sliders) {
  if (!shelf?.together) return { beta: sliders.beta, gamma: sliders.gamma, title: "", set: -1 };
  const set = shelf.acting.includes(shelf.moved) ? shelf.moved : shelf.acting[0] ?? -1;
  if (set < 0) return { beta: 0, gamma: sliders.gamma, title: "all sets are off", set };
  const { beta, gamma, title } = shelf.able[set];
  return { beta, gamma, title, set };
}

/** The id of the set that the sliders are about. @type {(data: Data | null) => string} */
export function moverOf(data) {
  return data?.shelf?.together ? data.shelf.able[data.shelf.moved].id : data?.id ?? "";
}

/** The id of the set on the page. @type {(data: Data | null) => string} */
export function pageSetOf(data) {
  return data?.shelf?.sets[0].id ?? data?.id ?? "";
}

/**
 * Beta and gamma of the set on the page, wherever the sliders are.
 * @type {(shown: Setting & { data: Pick<Data, "shelf"> | null }) => Setting}
 */
export function pageSetting({ data, beta, gamma }) {
  const shelf = data?.shelf;
  const own = shelf?.together && shelf.moved > 0 ? shelf.able[0] : { beta, gamma };
  return { beta: own.beta, gamma: own.gamma };
}

/** The sliders stand elsewhere, and so does their set. @type {(data: Data | null, setting: Setting) => void} */
export function moveSet(data, { beta, gamma }) {
  if (data?.shelf?.together) Object.assign(data.shelf.able[data.shelf.moved], { beta, gamma });
}

/**
 * The sliders are about the set of that name, "" for the one on the page; tells where they stand then, null if they stay.
 * @type {(data: Data | null, name: string) => Setting | null}
 */
export function giveSliders(data, name) {
  const shelf = data?.shelf;
  const s = !shelf?.together ? -1 : name === "" ? 0 : shelf.able.findIndex((set) => set.name === name);
  if (!shelf || s < 0 || s === shelf.moved) return null;
  shelf.moved = s;
  return shelf.able[s];
}

/** Where the sliders' set stood when it came. @type {(data: Data | null) => Setting} */
export function givenSetting(data) {
  if (data?.shelf?.together) return data.shelf.able[data.shelf.moved].given;
  return data ?? { beta: 0.5, gamma: 20 };
}

/**
 * Beta and gamma of the sets beside the one on the page, by their names, as the server reads them; null without any.
 * @type {(data: Data | null) => Record<string, (number | "inf")[]> | null}
 */
export function masksTold(data) {
  if (!data?.shelf?.together) return null;
  return Object.fromEntries(data.shelf.able.slice(1).map(({ name, beta, gamma }) => [name, [beta, toldGamma(gamma)]]));
}

/**
 * Settings that are the visitor's own outlive another data set: by the ids of the sets, and where the set on the page
 * has gone, in the one that took its place. `touched`: the ids of the sets that have such settings, which is kept up to
 * date; `last`: the set that was on the page, and its setting. Returns the setting of the one that is there now.
 * @type {(data: Data, before: Data | null, touched: Set<string>, last: { id: string, setting: Setting }) => Setting}
 */
export function keepSettings(data, before, touched, last) {
  const [page, sets] = [pageSetOf(data), data.shelf?.sets ?? []];
  const now = new Set([page, ...sets.map(({ id }) => id)]);
  const known = new Map((before?.shelf?.sets ?? []).map(({ id, beta, gamma }) => [id, { beta, gamma }]));
  known.set(last.id, last.setting);
  if (touched.has(last.id) && !now.has(last.id) && !touched.has(page)) {
    touched.add(page);
    known.set(page, last.setting);
  }
  for (const id of touched) if (!now.has(id)) touched.delete(id);
  for (const set of sets) if (touched.has(set.id)) Object.assign(set, known.get(set.id));
  const own = (touched.has(page) && known.get(page)) || { beta: data.beta, gamma: data.gamma };
  if (data.shelf?.together) Object.assign(data.shelf.able[0], { beta: own.beta, gamma: own.gamma });
  return own;
}

/** The sliders stay with their set while that and the set on the page are there. @type {(data: Data, before: Data | null) => void} */
export function keepSliders(data, before) {
  if (!data.shelf?.together || !before?.shelf?.together || pageSetOf(data) !== pageSetOf(before)) return;
  data.shelf.moved = Math.max(data.shelf.able.findIndex(({ id }) => id === moverOf(before)), 0);
}

/** What the answers at a setting hang on besides. @type {(shelf: Shelf | null) => string} */
export function settingsBeside(shelf) {
  if (!shelf?.together) return "";
  return shelf.able.map(({ beta, gamma }, s) => (s === shelf.moved ? "" : `${beta} ${gamma}`)).join();
}
