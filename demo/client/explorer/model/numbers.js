// Numbers as people type and read them.

export const DASH = "\u2014";

/** @type {(text: string) => number} */
export function readBeta(text) {
  const value = text.trim() === "" ? NaN : Number(text.replace(",", "."));
  return value >= 0 && value <= 1 ? value : NaN;
}

/**
 * "inf" and its spellings, or a number; NaN where it is neither or negative.
 * @type {(value: string | number) => number}
 */
export function readGamma(value) {
  const text = String(value).trim().toLowerCase();
  if (["inf", "infinity", "\u221e"].includes(text)) return Infinity;
  const number = text === "" ? NaN : Number(text.replace(",", "."));
  return number >= 0 ? number : NaN;
}

/** As the server reads it, since JSON has no infinite numbers. @type {(gamma: number) => number | "inf"} */
export function toldGamma(gamma) {
  return gamma === Infinity ? "inf" : gamma;
}

/** .0426 rather than 0.0426: three digits that mean something. @type {(value: number) => string} */
export function formatWeight(value) {
  if (value === 0) return "0";
  if (value < 0.0005) return "<.001";
  return value >= 0.9995 ? "1" : value.toFixed(3).replace(/^0/, "");
}

/** @type {(probability: number) => string} */
export function formatPercent(probability) {
  const percent = 100 * probability;
  if (percent > 0 && percent < 0.5) return "<1";
  return percent < 100 && percent > 99.5 ? ">99" : percent.toFixed(0);
}

/** @type {(gamma: number) => string} */
export function formatGamma(gamma) {
  return gamma === Infinity ? "\u221e" : String(Number(gamma.toPrecision(4)));
}

/** @type {(setting: { beta: number, gamma: number }) => string} */
export function formatSetting({ beta, gamma }) {
  return `\u03b2 ${Number(beta.toFixed(3))}, \u03b3 ${formatGamma(gamma)}`;
}

/** @type {(value: number, digits?: number) => string} */
export function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return `\u00b1${text}`;
  return (value > 0 ? "+" : "\u2212") + text;
}
