// Colour tables as rgb() text. Ramps are straight lines of lightness in OKLab: equal steps look equally large.

const RAMP_STEPS = 256;

/** Stops of [lightness, chroma, hue]. Strength always means contrast with the page: dark on light, light on dark. */
const RAMP_STOPS = {
  light: [[0.83, 0.035, 240], [0.7, 0.105, 220], [0.56, 0.15, 255], [0.44, 0.2, 290], [0.32, 0.17, 315]],
  dark: [[0.46, 0.05, 285], [0.57, 0.13, 285], [0.68, 0.14, 240], [0.8, 0.14, 185], [0.93, 0.17, 110]],
};

/** OKLCH to "rgb(r, g, b)", out-of-gamut channels clipped. Plotly does not read oklch(), hence by hand. */
function oklchToRgb(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const channels = linear.map((value) => {
    const v = Math.min(Math.max(value, 0), 1);
    return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
  });
  return `rgb(${channels.join(", ")})`;
}

/** 256 colours from "no update" to "full update". */
function makeRamp(theme) {
  const stops = RAMP_STOPS[theme];
  return Array.from({ length: RAMP_STEPS }, (_, step) => {
    const position = (step / (RAMP_STEPS - 1)) * (stops.length - 1);
    const at = Math.min(Math.floor(position), stops.length - 2);
    const mix = stops[at].map((value, j) => value + (position - at) * (stops[at + 1][j] - value));
    return oklchToRgb(...mix);
  });
}

/** One colour per class: few hues evenly spread, many by the golden angle; two lightnesses tell neighbours apart. */
function makeClassColours(count, theme) {
  const base = theme === "dark" ? [0.78, 0.66] : [0.66, 0.52];
  const turn = count <= 12 ? 360 / count : 137.508;
  return Array.from({ length: count }, (_, k) => oklchToRgb(base[k % 2], 0.15, (25 + k * turn) % 360));
}

/** Colours of SAME, FIXED, BROKEN, MOVED. */
function makeChangeColours(theme) {
  return theme === "dark"
    ? ["rgb(92, 104, 122)", "rgb(74, 222, 128)", "rgb(251, 113, 133)", "rgb(250, 204, 21)"]
    : ["rgb(190, 198, 209)", "rgb(21, 128, 61)", "rgb(200, 30, 50)", "rgb(180, 110, 0)"];
}

/** alpha / beta on a square-root scale: at real similarities it is a few percent, a linear scale looks dead. */
function rampIndex(alpha, beta) {
  return beta > 0 ? Math.round((RAMP_STEPS - 1) * Math.sqrt(Math.min(alpha / beta, 1))) : 0;
}

function currentTheme() {
  return document.querySelector("html.dark, body.dark") ? "dark" : "light";
}

/** Any CSS colour as #rrggbb: programs other than browsers read neither color-mix() nor variables. */
function plainColour(host, colour) {
  const probe = host.appendChild(make("i"));
  probe.style.color = colour;
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** The page's own colours of this theme, by the names that the style sheet gives them, and its font. */
function pageInks(root) {
  const names = ["ink", "soft", "strong", "anchor", "good", "bad", "other", "card"];
  const inks = Object.fromEntries(names.map((name) => [name, plainColour(root, `var(--${name})`)]));
  return { ...inks, font: getComputedStyle(root).fontFamily };
}
