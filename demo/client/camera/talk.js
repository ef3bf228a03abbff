// What the camera's parts ask of the server: one component of the page carries all of it, and every answer bears the
// number of its call.

import { NO_ANSWER, sentence } from "./reasons.js";

/** @import { CameraAnswer, CameraLimits, Trigger } from '../types.d.ts' */

const PATIENCE_MILLISECONDS = 15_000;

/** @type {Trigger | null} */
let send = null;
let calls = 0;
/** @type {Map<number, (answer: CameraAnswer) => void>} */
const waiting = new Map();
/** Until the server has said what it allows. @type {CameraLimits} */
let allowed = { calls: 0, frames: 2 };

/** `trigger` is that of the component that carries the calls. @type {(trigger: Trigger) => void} */
export function connect(trigger) {
  send = trigger;
}

/** A new value of that component. @type {(text: string) => void} */
export function receive(text) {
  if (!text) return;
  /** @type {CameraAnswer} */
  const answer = JSON.parse(text);
  if (answer.limits) allowed = answer.limits;
  waiting.get(answer.number ?? 0)?.({ ...answer, message: answer.message ? sentence(answer.message) : "" });
}

/** @type {() => CameraLimits} */
export function limits() {
  return allowed;
}

/** Tell the server something that needs no answer. @type {(name: string) => void} */
export function tell(name) {
  send?.(name, {});
}

/**
 * Ask, and wait for the answer; where none comes it is silent, with a message.
 * @type {(name: string, data: object) => Promise<CameraAnswer>}
 */
export function ask(name, data) {
  const number = ++calls;
  return new Promise((resolve) => {
    /** @type {(answer: CameraAnswer) => void} */
    const end = (answer) => {
      clearTimeout(timer);
      waiting.delete(number);
      resolve(answer);
    };
    const timer = setTimeout(() => end({ silent: true, message: NO_ANSWER }), PATIENCE_MILLISECONDS);
    waiting.set(number, end);
    if (send) send(name, { number, ...data });
    else end({ silent: true, message: NO_ANSWER });
  });
}
