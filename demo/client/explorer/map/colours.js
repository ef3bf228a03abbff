// Colour tables as rgb() text. Ramps are straight lines of lightness in OKLab: equal steps look equally large.

import { make } from "../../dom.js";

/** @import { Ink, Inks, Theme } from '../../types.d.ts' */

export const RAMP_STEPS = 256;
/** @type {Ink[]} */
const INKS = ["ink", "soft", "strong", "anchor", "good", "bad", "card", "mask"];

/**
 * Stops of [lightness, chroma, hue]. Strength always means contrast with the page: dark on light, light on dark.
 * @type {Record<Theme, number[][]>}
 */
const RAMP_STOPS = {
  light: [[0.78, 0.01, 260], [0.62, 0.09, 275], [0.48, 0.17, 283], [0.36, 0.2, 290]],
  dark: [[0.48, 0.02, 270], [0.62, 0.09, 283], [0.76, 0.12, 290], [0.9, 0.09, 300]],
};

/**
 * Any CSS colours as "rgb(r, g, b)", with the variables that hold at `host`: programs other than browsers read neither
 * oklch() nor variables. A mixture is computed as numbers; reading a canvas back would do too, but some browsers falsify
 * what is read.
 * @type {(colours: string[], host?: HTMLElement) => string[]}
 */
function plainColours(colours, host = document.body) {
  const probes = colours.map((colour) => {
    const probe = make("i");
    probe.style.setProperty("forced-color-adjust", "none"); // or every colour of the map would be the same
    probe.style.color = `color-mix(in srgb, ${colour}, ${colour})`;
    return probe;
  });
  const box = host.appendChild(make("span"));
  box.append(...probes);
  const computed = probes.map((probe) => getComputedStyle(probe).color);
  box.remove();
  return computed.map((colour) => {
    const channels = (colour.match(/-?\d*\.?\d+(?:e-?\d+)?/g) ?? []).slice(0, 3).map(Number);
    return `rgb(${channels.map((channel) => Math.round(255 * Math.min(Math.max(channel, 0), 1))).join(", ")})`;
  });
}

/** @type {(colour: number[]) => string} */
function oklch([lightness, chroma, hue]) {
  return `oklch(${lightness} ${chroma} ${hue})`;
}

/** 256 colours from "no update" to "full update". @type {(theme: Theme) => string[]} */
export function makeRamp(theme) {
  const stops = RAMP_STOPS[theme];
  return plainColours(Array.from({ length: RAMP_STEPS }, (_, step) => {
    const position = (step / (RAMP_STEPS - 1)) * (stops.length - 1);
    const at = Math.min(Math.floor(position), stops.length - 2);
    const mix = stops[at].map((value, j) => value + (position - at) * (stops[at + 1][j] - value));
    return oklch(mix);
  }));
}

/**
 * One colour per class: few hues evenly spread, many by the golden angle; two lightnesses tell neighbours apart.
 * @type {(count: number, theme: Theme) => string[]}
 */
export function makeClassColours(count, theme) {
  const base = theme === "dark" ? [0.78, 0.66] : [0.66, 0.52];
  const turn = count <= 12 ? 360 / count : 137.508;
  const colours = Array.from({ length: count }, (_, k) => oklch([base[k % 2], 0.15, (25 + k * turn) % 360]));
  return plainColours(colours);
}

/**
 * One colour per set on the shelf, the one on the page first: blue, orange, teal and magenta differ for every eye.
 * @type {(count: number, theme: Theme) => string[]}
 */
export function makeSetColours(count, theme) {
  const [lightness, chroma] = theme === "dark" ? [0.74, 0.14] : [0.54, 0.17];
  const hues = [265, 50, 190, 340, 110];
  return plainColours(Array.from({ length: count }, (_, s) => oklch([lightness, chroma, hues[s % hues.length]])));
}

/** Colours of SAME, FIXED, BROKEN, MOVED. @type {(theme: Theme) => string[]} */
export function makeChangeColours(theme) {
  return theme === "dark"
    ? ["rgb(92, 104, 122)", "rgb(74, 222, 128)", "rgb(251, 113, 133)", "rgb(250, 204, 21)"]
    : ["rgb(190, 198, 209)", "rgb(21, 128, 61)", "rgb(200, 30, 50)", "rgb(180, 110, 0)"];
}

/**
 * alpha / beta on a square-root scale: at real similarities it is a few percent, a linear scale looks dead.
 * @type {(share: number) => number}
 */
export function rampIndex(share) {
  return Math.round((RAMP_STEPS - 1) * Math.sqrt(share));
}

/** @type {() => Theme} */
export function currentTheme() {
  return document.querySelector("html.dark, body.dark") ? "dark" : "light";
}

/**
 * The page's own colours of this theme, by the names that the style sheet gives them, and its font.
 * @type {(root: HTMLElement) => Inks}
 */
export function pageInks(root) {
  const style = getComputedStyle(root);
  const [ink, soft, strong, anchor, good, bad, card, mask] = plainColours(INKS.map((name) => `var(--${name})`), root);
  return { ink, soft, strong, anchor, good, bad, card, mask, font: style.fontFamily, label: parseFloat(style.getPropertyValue("--label")) };
}

/** Red, green and blue of a plain colour. @type {(colour: string) => number[]} */
export function channelsOf(colour) {
  return (colour.match(/\d+/g) ?? []).map(Number);
}
