// The control strip: beta, gamma on a non-linear scale, number boxes, presets, reset.

const GAMMA_STOPS = 100;
const GAMMA_LOW = 0.5;
const GAMMA_HIGH = 500;
const GAMMA_TICKS = [0, 1, 5, 20, 100, Infinity];

/** Slider position to gamma: 0 at the left end, infinity at the right one, logarithmic between, to two digits. */
function gammaAt(position) {
  if (position <= 0) return 0;
  if (position >= GAMMA_STOPS) return Infinity;
  const share = (position - 1) / (GAMMA_STOPS - 2);
  return Number((GAMMA_LOW * (GAMMA_HIGH / GAMMA_LOW) ** share).toPrecision(2));
}

/** gamma to slider position, the inverse of gammaAt up to rounding. */
function gammaPosition(gamma) {
  if (gamma === Infinity) return GAMMA_STOPS;
  if (gamma <= 0) return 0;
  const share = Math.log(gamma / GAMMA_LOW) / Math.log(GAMMA_HIGH / GAMMA_LOW);
  return 1 + Math.min(Math.max(share, 0), 1) * (GAMMA_STOPS - 2);
}

/**
 * Wires the strip. `hooks.move(beta, gamma)` follows the hand, null for what stays; `hooks.settle()` comes when a drag,
 * a key or a preset is done; `hooks.reset()` is the reset button. Returns {show(beta, gamma)}.
 */
function createControls(root, hooks) {
  const find = (id) => root.querySelector(`#${id}`);
  const parts = {
    beta: find("beta-slider"), betaBox: find("beta-number"),
    gamma: find("gamma-slider"), gammaBox: find("gamma-number"),
    presets: [...root.querySelectorAll(".preset")], meaning: root.querySelector(".meaning"),
  };
  const { move } = hooks;
  parts.beta.addEventListener("input", () => move(Number(parts.beta.value), null));
  parts.gamma.addEventListener("input", () => move(null, gammaAt(Number(parts.gamma.value))));
  for (const slider of [parts.beta, parts.gamma]) slider.addEventListener("change", hooks.settle);
  wireBox(parts.betaBox, readBeta, (beta) => { move(beta, null); hooks.settle(); });
  wireBox(parts.gammaBox, readGamma, (gamma) => { move(null, gamma); hooks.settle(); });
  for (const preset of parts.presets) {
    preset.addEventListener("click", () => {
      move(Number(preset.dataset.beta), preset.dataset.gamma ? readGamma(preset.dataset.gamma) : null);
      hooks.settle();
    });
  }
  find("reset-settings").addEventListener("click", hooks.reset);
  drawGammaTicks(root.querySelector(".gamma-ticks"));
  return { show: (beta, gamma) => showSettings(parts, beta, gamma) };
}

function readBeta(text) {
  const value = text.trim() === "" ? NaN : Number(text.replace(",", "."));
  return value >= 0 && value <= 1 ? value : NaN;
}

/** A box reports a readable value on Enter or when left; an unreadable one is marked and put right when left. */
function wireBox(box, read, report) {
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
    if (Number.isNaN(value)) box.value = last;
    else report(value);
  });
}

function drawGammaTicks(host) {
  host.replaceChildren(...GAMMA_TICKS.map((gamma) => {
    const tick = make("span", "", formatGamma(gamma));
    tick.style.setProperty("--at", gammaPosition(gamma) / GAMMA_STOPS);
    return tick;
  }));
}

function showSettings(parts, beta, gamma) {
  const position = gammaPosition(gamma);
  if (Number(parts.beta.value) !== beta) parts.beta.value = beta;
  if (gammaAt(Number(parts.gamma.value)) !== gamma) parts.gamma.value = position;
  parts.beta.style.setProperty("--at", beta);
  parts.gamma.style.setProperty("--at", position / GAMMA_STOPS);
  parts.gamma.setAttribute("aria-valuetext", gamma === Infinity ? "infinity" : formatGamma(gamma));
  showNumber(parts.betaBox, String(Number(beta.toFixed(3))));
  showNumber(parts.gammaBox, formatGamma(gamma));
  const active = parts.presets.find((preset) => presetHolds(preset, beta, gamma));
  for (const preset of parts.presets) preset.setAttribute("aria-pressed", String(preset === active));
  setText(parts.meaning, active ? active.title : "Your own setting.");
}

/** A frame in the middle of typing must not take away what has been typed. */
function showNumber(box, text) {
  if (!box.dataset.typing && box.value !== text) box.value = text;
}

/** The CLIP preset names no gamma: with beta 0 it has no effect, so the slider stays where it is. */
function presetHolds(preset, beta, gamma) {
  if (Number(preset.dataset.beta) !== beta) return false;
  return !preset.dataset.gamma || readGamma(preset.dataset.gamma) === gamma;
}
