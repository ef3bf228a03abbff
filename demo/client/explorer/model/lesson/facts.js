// What the lesson asks of the set that is on the page. Nothing in it is written down: every number is an outcome of the
// formula on that set.

import { interpolationWeight, softmaxRow } from "../formula.js";
import { planeGammas } from "../plane.js";
import { QUERY } from "../selection.js";
import { settingsBeside } from "../shelf/masks.js";
import { withoutSets } from "../shelf/sets.js";
import { answersAt, outcomeAt } from "../summary.js";

/** @import { Data, Setting, Summary } from '../../../types.d.ts' */

/**
 * A picture to guess about: what CLIP could call it, what it does call it (index of `choices`), and how sure it is.
 * @typedef {{ picture: number, truth: string, choices: string[], right: number, sure: number }} Puzzle
 * What an update can cost: its name on the tiles, its accuracy under CLIP, and in any summary.
 * @typedef {{ word: string, before: number, of: (summary: Summary) => number }} Kept
 * What a setting is chosen by: what it is called, and its value in any summary.
 * @typedef {{ word: string, of: (summary: Summary) => number }} Score
 */

/** So much less than CLIP counts as kept, in points. */
export const SLACK = 1;
const CHOICES = 4;
const BETAS = [0.25, 0.5, 0.75, 1];

export class Facts {
  #data;
  #clip;
  /** @type {Map<string, Summary>} */
  #known = new Map();

  /** `clip`: the answers without an update. @param {Data} data @param {Int32Array} clip */
  constructor(data, clip) {
    this.#data = data;
    this.#clip = clip;
  }

  get preset() {
    return this.#data.preset;
  }

  /** How many pictures the numbers of changed answers speak of. */
  get counted() {
    return this.#data.counted.reduce((sum, one) => sum + one, 0);
  }

  /** Whether class statistics count in the numbers. */
  get statistics() {
    return this.#data.statistics === true;
  }

  /** @type {(beta: number, gamma: number) => Summary} */
  at(beta, gamma) {
    const key = `${beta} ${beta === 0 ? 0 : gamma} ${this.statistics} ${settingsBeside(this.#data.shelf)}`;
    return this.#outcome(key, this.#data, beta, gamma);
  }

  get clip() {
    return this.#outcome("clip", withoutSets(this.#data), 0, 0);
  }

  /** @type {(key: string, data: Data, beta: number, gamma: number) => Summary} */
  #outcome(key, data, beta, gamma) {
    const summary = this.#known.get(key) ?? outcomeAt(data, this.#clip, beta, gamma);
    this.#known.set(key, summary);
    return summary;
  }

  /**
   * What can be lost: elsewhere, else the classes that were not taught; null where the set has neither.
   * @returns {Kept | null}
   */
  get kept() {
    for (const [word, name] of /** @type {const} */ ([["Elsewhere", "elsewhere"], ["Not taught", "unseen"]])) {
      const before = this.clip[name];
      if (before !== null) return { word, before, of: (summary) => summary[name] ?? 0 };
    }
    return null;
  }

  /** What a setting is chosen by; null without test pictures of taught classes. @returns {Score | null} */
  get score() {
    if (this.clip.seen === null) return null;
    if (this.clip.harmonic === null) return { word: "Taught", of: ({ seen }) => seen ?? 0 };
    return { word: "Taught and Not taught together (harmonic mean)", of: ({ harmonic }) => harmonic ?? 0 };
  }

  /** Whether a setting keeps what can be lost. @type {(summary: Summary) => boolean} */
  keeps(summary) {
    const { kept } = this;
    return kept === null || kept.of(summary) >= kept.before - SLACK;
  }

  /** The least gamma at beta 1 that keeps what can be lost; null where none does. @returns {number | null} */
  get firstKeeping() {
    return planeGammas().find((gamma) => this.keeps(this.at(1, gamma))) ?? null;
  }

  /** The settings that the choice is made among, beside CLIP itself. @returns {Setting[]} */
  get settings() {
    return BETAS.flatMap((beta) => planeGammas().map((gamma) => ({ beta, gamma })));
  }

  /** Of those settings the best that keeps what can be lost, CLIP where none is better. @returns {Setting} */
  get best() {
    const { score } = this;
    /** @type {(setting: Setting) => number} */
    const value = ({ beta, gamma }) => {
      const summary = this.at(beta, gamma);
      return score && this.keeps(summary) ? score.of(summary) : -1;
    };
    const none = { beta: 0, gamma: 0 };
    return this.settings.reduce((best, one) => (value(one) > value(best) ? one : best), none);
  }

  /** The gamma at beta 1 with the most taught pictures right. @returns {number} */
  get bestForTaught() {
    const gammas = planeGammas();
    const taught = gammas.map((gamma) => this.at(1, gamma).seen ?? 0);
    return gammas[taught.indexOf(Math.max(...taught))];
  }

  /** How many of the counted pictures are so near to a shot that they move even at gamma infinity. */
  get onShots() {
    const { images, counted } = this.#data;
    return images.nearest.filter((nearest, i) => counted[i] && interpolationWeight(nearest, 1, Infinity) > 0).length;
  }

  /** A picture of a taught class that CLIP is surely wrong about; one that it knows where it is never wrong. `shown` is
   * on the page already, with its answer. @param {number} shown @returns {Puzzle | null} */
  puzzle(shown) {
    const { kinds, images, classes, scores, logitScale } = this.#data;
    const row = new Float64Array(classes.names.length);
    const kind = kinds.includes("seen") ? "seen" : "train";
    /** @type {(i: number) => number} */
    const surety = (i) => {
      softmaxRow(row, scores.uu, i, row.length, logitScale);
      return row[this.#clip[i]];
    };
    const asked = Array.from(kinds.keys()).filter((i) => kinds[i] === kind && i !== shown && images.truth[i] >= 0);
    const wrong = asked.filter((i) => this.#clip[i] !== images.truth[i]);
    if (!asked.length) return null;
    const sureties = wrong.map(surety);
    const picture = wrong.length ? wrong[sureties.indexOf(Math.max(...sureties))] : asked[0];
    const [sure, truth, answer] = [surety(picture), images.truth[picture], this.#clip[picture]];
    const likely = Array.from(row.keys()).sort((a, b) => row[b] - row[a]);
    const picked = [...new Set([truth, answer, ...likely])].slice(0, CHOICES);
    const choices = picked.map((k) => classes.names[k]).sort((a, b) => a.localeCompare(b));
    const right = choices.indexOf(classes.names[answer]);
    return { picture, truth: classes.names[truth], choices, right, sure };
  }

  /**
   * A counted picture whose answer at a setting is not CLIP's, a right one first; -1 for none.
   * @type {(setting: Setting) => number}
   */
  firstChanged({ beta, gamma }) {
    const { counted, images } = this.#data;
    const answers = answersAt(this.#data, beta, gamma);
    const changed = Array.from(answers.keys()).filter((i) => counted[i] === 1 && answers[i] !== this.#clip[i]);
    return changed.find((i) => answers[i] === images.truth[i]) ?? changed[0] ?? -1;
  }

  /** The visitor's last picture: its similarity to the nearest taught picture; null where there is none. */
  get asked() {
    const at = this.#data.images.group.lastIndexOf(QUERY);
    return at < 0 ? null : this.#data.images.nearest[at];
  }

  /** The similarity to the nearest taught picture from which on one is familiar; null where that is not known. */
  get familiarFrom() {
    return this.#data.familiarFrom;
  }

  /** alpha / beta at a similarity to the nearest taught picture. @type {(nearest: number, gamma: number) => number} */
  share(nearest, gamma) {
    return interpolationWeight(nearest, 1, gamma);
  }
}
