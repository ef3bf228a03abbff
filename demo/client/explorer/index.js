// The explorer: one state, one frame loop. Whatever happens changes the state; the state tells what kind of change it
// was, and here that becomes a frame, a settled page, a word to the server.

import { makeButton, setText } from "../dom.js";
import { publicFace } from "./face.js";
import { Frame } from "./frame.js";
import { createLink, createLinkButton, linkHash } from "./link.js";
import { wireExport } from "./map/export.js";
import { createLasso } from "./map/lasso.js";
import { createColourChoice, createLegend } from "./map/legend.js";
import { createMap } from "./map/map.js";
import { createOverlay } from "./map/overlay.js";
import { createHoverCard, wireKeys, wirePointer } from "./map/pointer.js";
import { decodePayload, decodePlaces, normalisePlaces } from "./model/payload.js";
import { nextShown } from "./model/selection.js";
import { createBars } from "./panels/bars.js";
import { createChips } from "./panels/chips.js";
import { createControls } from "./panels/controls.js";
import { createCurve } from "./panels/curve.js";
import { createSelectedCard, createWhy } from "./panels/selected.js";
import { createTiles } from "./panels/tiles.js";
import { createSheet } from "./sheet.js";
import { CHANGED, DATA, MOVING, PLACES, RELEASED, State, TURNED } from "./state.js";
import { createTabs } from "./tabs/tabs.js";

const SETTLE_MILLISECONDS = 140;
const PAUSE_MILLISECONDS = 600;

/** `element`, `props`, `trigger` and `watch` come from gradio's HTML component. */
export function mountExplorer(element, props, trigger, watch) {
  const root = element.querySelector(".explorer");
  const state = new State();
  const frame = new Frame(root, state);
  const ask = (name, request) => trigger(name, request);
  const sheet = createSheet(() => { frame.panels.tabs.forget(); frame.render(); });
  const panels = createPanels(root, state, frame, sheet, ask);
  const link = createLink(root, state, ask);
  const settleSoon = createSettling(state, panels, link, ask);
  frame.begin(panels, () => { frame.request(); settleSoon(); });
  listen(root, state, frame, sheet, link, settleSoon);
  addSkipButton(root);
  window.lluExplorer = publicFace(root, state, frame);
  const read = createReader(props, state, panels);
  watch("value", read);
  read();
}

/** What follows from each kind of change. */
function listen(root, state, frame, sheet, link, settleSoon) {
  const { tabs, tiles, map } = frame.panels;
  let before = null;
  const follow = {
    [DATA]() {
      drawData(root, state, frame, sheet, before);
      link.meet();
      if (before) settleSoon(); // so that the address speaks of the new set
      before = state.data;
    },
    [PLACES]() { showProjection(root, state); map.moveTo(state.data.places); },
    [MOVING]() { tiles.busy(true); frame.request(); settleSoon(PAUSE_MILLISECONDS); },
    [CHANGED]() { frame.request(); settleSoon(); },
    [TURNED]() { tabs.turn(); settleSoon(); },
    [RELEASED]() { settleSoon(); },
  };
  state.subscribe((kind) => follow[kind]());
}

function drawData(root, state, frame, sheet, before) {
  root.classList.toggle("empty", !state.data);
  if (!state.data) return setText(root.querySelector(".empty-message"), state.message);
  sheet.show(state.data);
  showProjection(root, state);
  frame.show(before);
}

function showProjection(root, state) {
  setText(root.querySelector(".projection"), state.data.projection);
}

/** The hand has come to rest: screen readers hear the tiles, the address and the server learn the settings. */
function createSettling(state, panels, link, ask) {
  let timer = 0;
  const settle = () => {
    panels.tiles.busy(false);
    panels.tabs.settle();
    link.write();
    const settings = state.takeUnsent();
    if (settings) ask("settings", settings);
  };
  return (wait = SETTLE_MILLISECONDS) => {
    clearTimeout(timer);
    timer = setTimeout(settle, wait);
  };
}

function createPanels(root, state, frame, sheet, ask) {
  const { paint } = sheet;
  return {
    controls: createControls(root, state), tiles: createTiles(root),
    card: createSelectedCard(root, paint, (name) => ask("unquery", { name })), reasons: createWhy(root),
    bars: createBars(root), curve: createCurve(root),
    linkButton: createLinkButton(root, () => window.location.href.split("#")[0] + (state.data ? linkHash(state) : "")),
    ...createMapPanels(root, state, frame, paint),
    tabs: createTabs(root, { state, paint, ask }),
  };
}

/** The map with everything that lies on it or steers it. */
function createMapPanels(root, state, frame, paint) {
  const map = createMap(root.querySelector(".map-plot"), root.querySelector(".map-points"), {
    onView: () => overlay.follow(),
    onLasso: (indices) => { if (lasso.isActive()) state.choose(indices, "lasso"); },
  });
  const overlay = createOverlay(root.querySelector(".map-overlay"), map.place, map.size);
  const lasso = createLasso(root, map, state);
  const shade = () => state.data && frame.numbers.shade;
  const hover = createHoverCard(root.querySelector(".hover-card"), (i) => frame.describe(i), paint, map.size);
  const area = root.querySelector(".map-area");
  wirePointer(area, map, shade, hover, (i) => state.select(i));
  wireKeys(area, map, (step) => { if (state.data) state.select(nextShown(shade(), state.selected, step)); });
  wireExport(root, () => (state.data && map.isReady() ? { root, state, map, overlay, ...frame.numbers } : null));
  for (const button of root.querySelectorAll(".map-buttons [data-zoom]")) {
    button.addEventListener("click", () => map.zoom(Number(button.dataset.zoom)));
  }
  return {
    map, overlay, colourChoice: createColourChoice(root, state),
    legend: createLegend(root, (part, key) => state.toggle(part, key)),
    chips: createChips(root, {
      clear: () => { lasso.leave(); state.choose(null); }, showAll: () => state.showEverything(),
    }),
  };
}

/** A new value of the component: a whole data set, or coordinates, an arc or a comparison for the one on show. */
function createReader(props, state, panels) {
  let seen = "";
  return () => {
    const text = props.value;
    if (!text || text === seen) return;
    seen = text;
    const payload = JSON.parse(text);
    if (payload.update === "positions") return readPlaces(payload, state);
    if (!payload.update) return readData(payload, state);
    if (state.data && payload.id === state.data.id) panels.tabs.receive(payload.update, payload);
  };
}

function readData(payload, state) {
  try {
    const data = decodePayload(payload);
    if (data.n === 0) state.showMessage(data.message);
    else state.showData(data);
  } catch (error) {
    state.showMessage(`This result cannot be shown. ${error.message}`);
    throw error;
  }
}

function readPlaces(payload, state) {
  const { data } = state;
  if (!data || payload.id !== data.id) return;
  const places = normalisePlaces(decodePlaces(payload), data.images.group);
  if (!places.images || places.images.x.length !== data.n) return;
  if (places.classes && places.classes.x.length !== data.classes.names.length) return;
  state.showPlaces(places, payload.projection || data.projection);
}

/** The first stop of the keyboard: past the class cards, of which each has several stops. */
function addSkipButton(root) {
  document.querySelector("body > .skip")?.remove();
  const focus = () => root.querySelector("#beta-slider").focus();
  document.body.prepend(makeButton("skip", "Skip to sliders and map", focus));
}
