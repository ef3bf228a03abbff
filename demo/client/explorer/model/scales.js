// The slider's scale of gamma.

export const GAMMA_STOPS = 100;
const GAMMA_LOW = 0.5;
const GAMMA_HIGH = 500;
export const GAMMA_TICKS = [0, 1, 5, 20, 100, Infinity];

/**
 * Slider position to gamma: 0 at the left end, infinity at the right one, logarithmic between, to two digits.
 * @type {(position: number) => number}
 */
export function gammaAt(position) {
  if (position <= 0) return 0;
  if (position >= GAMMA_STOPS) return Infinity;
  const share = (position - 1) / (GAMMA_STOPS - 2);
  return Number((GAMMA_LOW * (GAMMA_HIGH / GAMMA_LOW) ** share).toPrecision(2));
}

/** gamma to slider position, the inverse of gammaAt up to rounding. @type {(gamma: number) => number} */
export function gammaPosition(gamma) {
  if (gamma === Infinity) return GAMMA_STOPS;
  if (gamma <= 0) return 0;
  const share = Math.log(gamma / GAMMA_LOW) / Math.log(GAMMA_HIGH / GAMMA_LOW);
  return 1 + Math.min(Math.max(share, 0), 1) * (GAMMA_STOPS - 2);
}
