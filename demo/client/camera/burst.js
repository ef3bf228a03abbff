// The bookkeeping of one recording: when a shot is due, what is to be sent, what has joined the set.

/** @import { CameraAnswer } from '../types.d.ts' */

export const SHOT_MILLISECONDS = 250;
/** Of one call, which takes 2 MB at most. */
const BATCH_LETTERS = 1_200_000;
const BATCH_SHOTS = 16;

export class Burst {
  /** Pictures taken, and pictures that have joined the set. */
  shots = 0;
  joined = 0;
  /** Why the recording ended, or "". */
  reason = "";
  #most;
  /** @type {string[]} */
  #waiting = [];
  #underWay = 0;
  #next = -Infinity;

  /** @param {number} most how many shots one recording may take */
  constructor(most) {
    this.#most = most;
  }

  /** @type {(now: number) => boolean} */
  isDue(now) {
    return !this.reason && now >= this.#next;
  }

  /** @type {(picture: string, now: number) => void} */
  take(picture, now) {
    this.#waiting.push(picture);
    this.shots++;
    this.#next = now + SHOT_MILLISECONDS;
    if (this.shots < this.#most) return;
    this.end(`One recording takes ${this.#most} pictures; let go, then hold again for more.`);
  }

  /** The first reason stands. @type {(reason: string) => void} */
  end(reason) {
    this.reason ||= reason;
  }

  /** Whether nothing has been sent so far. */
  get begins() {
    return this.joined === 0;
  }

  /** What is to be sent now: none while a batch is under way. @type {() => string[]} */
  nextBatch() {
    if (this.#underWay) return [];
    let letters = 0;
    /** @type {(picture: string) => boolean} */
    const fits = ({ length }) => (letters += length) <= BATCH_LETTERS;
    const fitting = this.#waiting.slice(0, BATCH_SHOTS).filter(fits);
    const batch = this.#waiting.splice(0, Math.max(fitting.length, Math.min(this.#waiting.length, 1)));
    this.#underWay = batch.length;
    return batch;
  }

  /**
   * The batch under way was answered; a message ends the recording, and what waits is left.
   * @type {(answer: CameraAnswer) => void}
   */
  hear({ taken = 0, message = "" }) {
    this.#underWay = 0;
    this.joined += taken;
    if (!message) return;
    this.#waiting = [];
    this.end(message);
  }

  /** Whether all that was taken has been answered. */
  get isSent() {
    return !this.#underWay && !this.#waiting.length;
  }
}
