// The control strip: beta, gamma on a non-linear scale, number boxes, presets, the switch of class statistics, reset.

import { find, findA, make, setPressed, setText } from "../../dom.js";
import { formatGamma, readBeta, readGamma } from "../model/numbers.js";
import { GAMMA_STOPS, GAMMA_TICKS, gammaAt, gammaPosition } from "../model/scales.js";

/** @import { Panels } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * @typedef {Record<"beta" | "betaBox" | "gamma" | "gammaBox" | "statistics", HTMLInputElement>} Inputs
 * @typedef {Inputs & { presets: HTMLButtonElement[], meaning: HTMLElement }} Parts
 */

/**
 * The strip follows the hand into `state`. Returns {show(beta, gamma, statistics, title)}; title: of the set that the
 * sliders are about, "" where there is one.
 * @type {(root: HTMLElement, state: State) => Panels["controls"]}
 */
export function createControls(root, state) {
  /** @type {(id: string) => HTMLInputElement} */
  const input = (id) => findA(HTMLInputElement, root, `#${id}`);
  const parts = {
    beta: input("beta-slider"), betaBox: input("beta-number"),
    gamma: input("gamma-slider"), gammaBox: input("gamma-number"),
    statistics: input("statistics-switch"),
    presets: [...find(root, ".presets").querySelectorAll("button")], meaning: find(root, ".meaning"),
  };
  /** @type {(beta: number | null, gamma: number | null) => void} */
  const set = (beta, gamma) => { state.moveTo(beta, gamma); state.release(); };
  parts.beta.addEventListener("input", () => state.moveTo(Number(parts.beta.value), null));
  parts.gamma.addEventListener("input", () => state.moveTo(null, gammaAt(Number(parts.gamma.value))));
  for (const slider of [parts.beta, parts.gamma]) slider.addEventListener("change", () => state.release());
  parts.statistics.addEventListener("change", () => state.switchStatistics(parts.statistics.checked));
  const fault = find(root, ".setting-fault");
  /** @type {(text: string, range: string) => void} */
  const refuse = (text, range) => setText(fault, text ? `\u201c${text}\u201d is no ${range}; the setting stays as it was.` : "");
  wireBox(parts.betaBox, readBeta, (beta) => set(beta, null), (text) => refuse(text, "beta from 0 to 1"));
  wireBox(parts.gammaBox, readGamma, (gamma) => set(null, gamma), (text) => refuse(text, "gamma from 0 to inf"));
  for (const preset of parts.presets) {
    const { beta, gamma } = preset.dataset;
    preset.addEventListener("click", () => set(Number(beta), gamma ? readGamma(gamma) : null));
  }
  const fold = find(root, ".beta-fold");
  fold.addEventListener("click", () => {
    fold.setAttribute("aria-expanded", String(find(root, ".controls").classList.toggle("beta-open")));
  });
  find(root, "#reset-settings").addEventListener("click", () => state.reset());
  drawGammaTicks(find(root, ".gamma-ticks"));
  const choice = find(root, ".statistics-choice");
  const titles = root.querySelectorAll(".slider-of");
  return {
    show(beta, gamma, statistics, title) {
      for (const node of titles) setText(node, title);
      showSettings(parts, beta, gamma);
      choice.hidden = statistics === null;
      parts.statistics.checked = statistics === true;
    },
  };
}

/**
 * A box reports a readable value on Enter or when left; an unreadable one is put right then, and refused in words.
 * @type {(box: HTMLInputElement, read: (text: string) => number, report: (value: number) => void,
 *   refuse: (text: string) => void) => void}
 */
function wireBox(box, read, report, refuse) {
  let last = "";
  box.addEventListener("focus", () => { last = box.value; box.select(); });
  box.addEventListener("input", () => {
    box.dataset.typing = "true";
    box.setAttribute("aria-invalid", String(Number.isNaN(read(box.value))));
  });
  box.addEventListener("blur", () => { delete box.dataset.typing; });
  box.addEventListener("change", () => {
    delete box.dataset.typing;
    const value = read(box.value);
    box.setAttribute("aria-invalid", "false");
    refuse(Number.isNaN(value) ? box.value : "");
    if (Number.isNaN(value)) box.value = last;
    else report(value);
  });
}

/** @type {(host: HTMLElement) => void} */
function drawGammaTicks(host) {
  host.replaceChildren(...GAMMA_TICKS.map((gamma) => {
    const tick = make("span", "", formatGamma(gamma));
    tick.style.setProperty("--at", String(gammaPosition(gamma) / GAMMA_STOPS));
    return tick;
  }));
}

/** @type {(parts: Parts, beta: number, gamma: number) => void} */
function showSettings(parts, beta, gamma) {
  const position = gammaPosition(gamma);
  if (Number(parts.beta.value) !== beta) parts.beta.value = String(beta);
  if (gammaAt(Number(parts.gamma.value)) !== gamma) parts.gamma.value = String(position);
  parts.beta.style.setProperty("--at", String(beta));
  parts.gamma.style.setProperty("--at", String(position / GAMMA_STOPS));
  parts.gamma.setAttribute("aria-valuetext", gamma === Infinity ? "infinity" : formatGamma(gamma));
  showNumber(parts.betaBox, String(Number(beta.toFixed(3))));
  showNumber(parts.gammaBox, formatGamma(gamma));
  const active = parts.presets.find((preset) => presetHolds(preset, beta, gamma));
  for (const preset of parts.presets) setPressed(preset, preset === active);
  setText(parts.meaning, active ? active.title : "Your own setting.");
}

/**
 * A frame in the middle of typing must not take away what has been typed.
 * @type {(box: HTMLInputElement, text: string) => void}
 */
function showNumber(box, text) {
  if (!box.dataset.typing && box.value !== text) box.value = text;
}

/**
 * The CLIP preset names no gamma: with beta 0 it has no effect, so the slider stays where it is.
 * @type {(preset: HTMLElement, beta: number, gamma: number) => boolean}
 */
function presetHolds(preset, beta, gamma) {
  if (Number(preset.dataset.beta) !== beta) return false;
  return !preset.dataset.gamma || readGamma(preset.dataset.gamma) === gamma;
}
