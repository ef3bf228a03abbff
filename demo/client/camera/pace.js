// How often the server is asked: as often as it allows, and never before it has answered.

/** @import { CameraLimits } from '../types.d.ts' */

const MINUTE = 60_000;
/** Of the calls that an address may make, so many are left to the rest of the page. */
const SHARE = 0.5;
/** The server counts by its own clock. */
const SLACK = 1.05;

/**
 * Milliseconds from one call to the next: at most `frames` in a second, and `calls` in a minute (0: any number).
 * @type {(limits: CameraLimits) => number}
 */
export function spacing({ calls, frames }) {
  const byCalls = calls ? MINUTE / (calls * SHARE) : 0;
  return Math.max((SLACK * 1000) / frames, byCalls);
}

/** How long to wait until the next call. @type {(limits: CameraLimits, begun: number, now: number) => number} */
export function waitOf(limits, begun, now) {
  return Math.max(begun + spacing(limits) - now, 0);
}
