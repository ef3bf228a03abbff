// The explorer as a file of its own, without a server: what would have to ask one is left out, and says so.

import { around, find, make } from "../dom.js";
import { mountExplorer } from "../explorer/index.js";
import { mountModes } from "../modes/modes.js";

/** What has nobody to ask, by its panel. */
const NEEDS_APP = {
  "#panel-walk": "An arc's points are embeddings that the model makes: this tab needs the app.",
  "#panel-methods": "The other methods are trained on the spot: this tab needs the app.",
};

/**
 * `plotly`: the address of plotly.js; `payload`: the data set, as the app tells it.
 * @type {(plotly: string, payload: string) => void}
 */
export function openSavedPage(plotly, payload) {
  followTheme();
  const explorer = find(document, "#explorer");
  find(explorer, ".explorer").dataset.plotly = plotly;
  for (const [panel, text] of Object.entries(NEEDS_APP)) leaveOut(find(explorer, panel), text);
  mountModes(find(document, "#modes"), { value: "" }, askNobody, neverChanges);
  mountExplorer(explorer, { value: payload }, askNobody, neverChanges);
  find(document, "#save").addEventListener("click", (event) => {
    const kind = around(event, "button")?.dataset.kind;
    if (kind === "png" || kind === "svg") window.lluExplorer?.saveMap(kind);
  });
}

/** There is no server that would learn the settings. */
function askNobody() {}

/** The data set stays the one of the file. */
function neverChanges() {}

/** The browser's theme, as the app has it. */
function followTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const show = () => document.body.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", show);
  show();
}

/** @type {(panel: HTMLElement, text: string) => void} */
function leaveOut(panel, text) {
  panel.classList.add("needs-app");
  panel.append(make("p", "needs-app-note", text));
}
