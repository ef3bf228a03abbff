// What the server knows of the visitor's settings, and whether it is time to tell it more.

import { toldGamma } from "./model/numbers.js";

/** @import { Data, Settings } from '../types.d.ts' */

/** @typedef {Pick<Data, "beta" | "gamma" | "statistics"> & Pick<Settings, "resting" | "masks">} Setting */

/**
 * Settings as the server reads them.
 * @type {(setting: Setting) => Settings}
 */
function settingsOf({ beta, gamma, statistics, resting, masks }) {
  return { beta, gamma: toldGamma(gamma), statistics, resting, masks };
}

export class Told {
  #unsent = false;
  #known = "";

  /** The hand is off: the server may be told. */
  release() {
    this.#unsent = true;
  }

  /**
   * The server has set these of its own accord, with a new adapter. `own`: whether the visitor has settings that differ.
   * @type {(setting: Setting, own: boolean) => void}
   */
  hear(setting, own) {
    this.#known = JSON.stringify(settingsOf(setting));
    this.#unsent = own;
  }

  /**
   * What the server has not been told yet, or null; from now on it counts as told.
   * @type {(setting: Setting) => Settings | null}
   */
  take(setting) {
    if (!this.#unsent) return null;
    this.#unsent = false;
    const settings = settingsOf(setting);
    const text = JSON.stringify(settings);
    if (text === this.#known) return null;
    this.#known = text;
    return settings;
  }
}
