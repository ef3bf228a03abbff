// Where beta and gamma stand, of the set that the sliders are about; which settings are the visitor's own, and what of all
// that the server knows.

import {
  givenSetting, giveSliders, keepSettings, keepSliders, masksTold, moverOf, moveSet, pageSetOf, pageSetting,
} from "./model/shelf/masks.js";
import { restingOf } from "./model/shelf/sets.js";
import { Told } from "./told.js";

/** @import { Data, Settings } from '../types.d.ts' */

export class Sliders {
  beta = 0.5;
  gamma = 20;
  /** The sets whose settings are the visitor's own, by their ids: those outlive the next training. @type {Set<string>} */
  #touched = new Set();
  /** The set on the page, or the last one that was there. */
  #page = "";
  #told = new Told();

  /**
   * Another data set is there; tells whether the settings of the set on the page are the visitor's own.
   * @type {(data: Data, before: Data | null) => boolean}
   */
  meet(data, before) {
    const told = { ...data, resting: restingOf(data), masks: masksTold(data) };
    const last = { id: this.#page, setting: pageSetting({ data: before, beta: this.beta, gamma: this.gamma }) };
    const own = keepSettings(data, before, this.#touched, last);
    if (before?.id !== data.id) this.#told.hear(told, this.#touched.size > 0);
    this.#page = pageSetOf(data);
    keepSliders(data, before);
    this.#stand(data.shelf?.together ? data.shelf.able[data.shelf.moved] : own);
    return this.#touched.has(this.#page);
  }

  /** There is no data set any more. @type {(before: Data | null) => void} */
  leave(before) {
    this.#stand(pageSetting({ data: before, beta: this.beta, gamma: this.gamma }));
  }

  /** @type {(setting: { beta: number, gamma: number }) => void} */
  #stand({ beta, gamma }) {
    Object.assign(this, { beta, gamma });
  }

  /** The hand moves them; null for what stays. @type {(data: Data | null, beta: number | null, gamma: number | null) => void} */
  move(data, beta, gamma) {
    this.#touched.add(moverOf(data));
    this.#set(data, beta ?? this.beta, gamma ?? this.gamma);
  }

  /** @type {(data: Data | null, beta: number, gamma: number) => void} */
  #set(data, beta, gamma) {
    this.#stand({ beta: Math.min(Math.max(beta, 0), 1), gamma: Math.max(gamma, 0) });
    moveSet(data, this);
  }

  /** They are about the set of that name from now on; tells whether they were not. @type {(data: Data | null, name: string) => boolean} */
  give(data, name) {
    const setting = giveSliders(data, name);
    if (setting) this.#stand(setting);
    return setting !== null;
  }

  /** Back to where they stood; the next training brings its own again. @type {(data: Data | null) => void} */
  reset(data) {
    const { beta, gamma } = givenSetting(data);
    this.#set(data, beta, gamma);
    this.#touched.delete(moverOf(data));
  }

  /** The visitor has another setting of the set on the page than beta and gamma. @type {(data: Data) => void} */
  own(data) {
    this.#touched.add(pageSetOf(data));
  }

  /** The hand is off: the server may learn where they stand. */
  release() {
    this.#told.release();
  }

  /** What the server has not been told yet, or null; from now on it counts as told. @type {(data: Data | null) => Settings | null} */
  takeUnsent(data) {
    const { beta, gamma } = pageSetting({ data, beta: this.beta, gamma: this.gamma });
    const statistics = data?.statistics ?? null;
    return this.#told.take({ beta, gamma, statistics, resting: restingOf(data), masks: masksTold(data) });
  }
}
