// The explorer: one state, one frame loop. Whatever happens changes the state; the state tells what kind of change it
// was, and here that becomes a frame, a settled page, a word to the server.

import { find, findA, makeButton, setText } from "../dom.js";
import { currentMode, onMode, openMode } from "../modes/mode.js";
import { CHANGED, DATA, LIVE, MOVING, PLACES, RELEASED, STEPPED, SWITCHED, TURNED } from "./change.js";
import { publicFace } from "./face.js";
import { Frame } from "./frame.js";
import { createLesson } from "./lesson/lesson.js";
import { createLink } from "./link.js";
import { createLasso } from "./map/lasso.js";
import { createColourChoice, createLegend } from "./map/legend.js";
import { createMap } from "./map/map.js";
import { createOverlay } from "./map/overlay.js";
import { loadPlotly } from "./map/plotly.js";
import { createHoverCard, wireKeys, wirePointer } from "./map/pointer.js";
import { keepLivePlace } from "./model/live.js";
import { decodePayload, decodePlaces } from "./model/payload.js";
import { nextShown } from "./model/selection.js";
import { createBars } from "./panels/bars.js";
import { createCaption } from "./panels/caption.js";
import { createChips } from "./panels/chips.js";
import { createControls } from "./panels/controls.js";
import { createReach } from "./panels/reach.js";
import { createSelectedCard, createWhy } from "./panels/selected.js";
import { createShelf } from "./panels/shelf.js";
import { createTiles } from "./panels/tiles.js";
import { createSheet } from "./sheet.js";
import { State } from "./state.js";
import { createTabs } from "./tabs/tabs.js";

/** @import { Data, Paint, Panels, Props, Trigger, Watch } from '../types.d.ts' */
/** @import { EmptyPayload, MethodsUpdate, Payload, PositionsUpdate, WalkUpdate } from '../types.d.ts' */

/**
 * @typedef {ReturnType<typeof createSheet>} SheetOnShow
 * @typedef {ReturnType<typeof createLink>} AddressBar
 * @typedef {(wait?: number) => void} SettleSoon
 */

const SETTLE_MILLISECONDS = 140;
const PAUSE_MILLISECONDS = 600;

/**
 * `element`, `props`, `trigger` and `watch` come from gradio's HTML component.
 * @type {(element: HTMLElement, props: Props, trigger: Trigger, watch: Watch) => void}
 */
export function mountExplorer(element, props, trigger, watch) {
  const root = find(element, ".explorer");
  loadPlotly(root.dataset.plotly ?? "");
  const state = new State();
  const sheet = createSheet(() => { frame.panels.tabs.forget(); frame.render(); });
  const frame = new Frame(root, state, sheet.tile);
  const panels = createPanels(root, state, frame, sheet, trigger);
  const link = createLink(root, state, trigger);
  frame.begin(panels, () => { frame.request(); settleSoon(); });
  const settleSoon = createSettling(state, frame, link, trigger);
  listen(root, state, frame, sheet, link, settleSoon);
  addSkipButton(root);
  takeIn(root, "#ask", ".ask-place");
  window.lluExplorer = publicFace(root, state, frame);
  const read = createReader(props, state, panels);
  watch("value", read);
  read();
}

/**
 * What follows from each kind of change.
 * @type {(root: HTMLElement, state: State, frame: Frame, sheet: SheetOnShow, link: AddressBar,
 *   settleSoon: SettleSoon) => void}
 */
function listen(root, state, frame, sheet, link, settleSoon) {
  const { tabs, tiles, map, lesson } = frame.panels;
  /** @type {Data | null} */
  let before = null;
  const follow = {
    [DATA]() {
      drawData(root, state, frame, sheet, before);
      link.meet();
      settleSoon(); // so that the address speaks of the new set
      before = state.data;
    },
    [PLACES]() {
      if (!state.data) return;
      showProjection(root, state.data);
      map.moveTo(state.data.places);
    },
    [MOVING]() { tiles.busy(true); frame.request(); settleSoon(PAUSE_MILLISECONDS); },
    [SWITCHED]() { frame.tellCaption(); frame.request(); settleSoon(); },
    [CHANGED]() { frame.request(); settleSoon(); },
    [LIVE]() { frame.request(); },
    [TURNED]() { tabs.turn(); settleSoon(); },
    [STEPPED]() { openMode("lesson"); lesson.begin(); settleSoon(); },
    [RELEASED]() { settleSoon(); },
  };
  state.subscribe((kind) => follow[kind]());
  onMode((mode) => state.showLesson(mode === "lesson"));
  state.showLesson(currentMode() === "lesson");
}

/** @type {(root: HTMLElement, state: State, frame: Frame, sheet: SheetOnShow, before: Data | null) => void} */
function drawData(root, state, frame, sheet, before) {
  root.classList.toggle("empty", !state.data);
  if (!state.data) return setText(find(root, ".empty-message"), state.message);
  sheet.show(state.data);
  showProjection(root, state.data);
  frame.show(state.data, before);
}

/** @type {(root: HTMLElement, data: Data) => void} */
function showProjection(root, data) {
  setText(find(root, ".projection"), data.projection);
}

/**
 * The hand has come to rest, and what it did is drawn: screen readers hear the tiles, the address and the server learn
 * the settings.
 * @type {(state: State, frame: Frame, link: AddressBar, ask: Trigger) => SettleSoon}
 */
function createSettling(state, frame, link, ask) {
  const { panels } = frame;
  let timer = 0;
  const settle = () => {
    if (frame.isDue()) return void (timer = setTimeout(settle, SETTLE_MILLISECONDS));
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

/** @type {(root: HTMLElement, state: State, frame: Frame, sheet: SheetOnShow, ask: Trigger) => Panels} */
function createPanels(root, state, frame, sheet, ask) {
  const { paint } = sheet;
  return {
    controls: createControls(root, state), tiles: createTiles(root),
    card: createSelectedCard(root, paint, (name) => ask("unquery", { name })), reasons: createWhy(root),
    bars: createBars(root), caption: createCaption(root), reach: createReach(root, (i) => state.select(i)),
    ...createMapPanels(root, state, frame, paint),
    shelf: createShelf(root, state, (name) => ask("unshelve", { name })),
    tabs: createTabs(root, { state, paint, ask }),
    lesson: createLesson(find(root, "#lesson"), { state, paint, ask }),
  };
}

/**
 * The map with everything that lies on it or steers it.
 * @type {(root: HTMLElement, state: State, frame: Frame, paint: Paint)
 *   => Pick<Panels, "map" | "overlay" | "colourChoice" | "legend" | "chips">}
 */
function createMapPanels(root, state, frame, paint) {
  const sheets = {
    points: findA(HTMLCanvasElement, root, ".map-points"), shade: findA(HTMLCanvasElement, root, ".map-shade canvas"),
  };
  const map = createMap(find(root, ".map-plot"), sheets, {
    onView: () => overlay.follow(),
    onLasso: (indices) => { if (lasso.isActive()) state.choose(indices, "lasso"); },
  });
  const overlay = createOverlay(findA(SVGSVGElement, root, ".map-overlay"), map);
  const lasso = createLasso(root, map, state);
  const shade = () => (state.data ? frame.numbers.shade : null);
  const hover = createHoverCard(find(root, ".hover-card"), (i) => frame.describe(i), paint, map.size);
  /** @type {(i: number) => void} */
  const hint = (i) => { if (state.data && overlay.hint(classAt(state.data, i))) frame.request(); };
  const area = find(root, ".map-area");
  wirePointer(area, map, shade, hover, hint, (i) => state.select(i));
  wireKeys(area, (factor) => map.zoom(factor, state.selected), (step) => {
    const next = state.data ? nextShown(frame.numbers.shade, state.selected, step) : -1;
    if (next < 0) return;
    state.select(next);
    setText(find(root, ".map-said"), frame.tell(next));
  });
  for (const button of find(root, ".map-buttons").querySelectorAll("button")) {
    const factor = button.dataset.zoom;
    if (factor) button.addEventListener("click", () => map.zoom(Number(factor), state.selected));
  }
  return {
    map, overlay, colourChoice: createColourChoice(root, state),
    legend: createLegend(root, state),
    chips: createChips(root, {
      clear: () => { lasso.leave(); state.choose(null); }, showAll: () => state.showEverything(),
    }),
  };
}

/** The class of the set that picture i shows, -1 where there is none. @type {(data: Data, i: number) => number} */
function classAt({ images, kinds }, i) {
  return i < 0 || kinds[i] === "elsewhere" ? -1 : images.truth[i];
}

/**
 * A new value of the component: a whole data set, or coordinates, an arc or a comparison for the one on show.
 * @type {(props: Props, state: State, panels: Panels) => () => void}
 */
function createReader(props, state, panels) {
  let seen = "";
  return () => {
    const text = props.value;
    if (!text || text === seen) return;
    seen = text;
    /** @type {Payload | EmptyPayload | PositionsUpdate | WalkUpdate | MethodsUpdate} */
    const payload = JSON.parse(text);
    if (payload.update === "positions") readPlaces(payload, state);
    else if (!payload.update) readData(payload, state);
    else if (state.data && payload.id === state.data.id) panels.tabs.receive(payload);
  };
}

/** @type {(payload: Payload | EmptyPayload, state: State) => void} */
function readData(payload, state) {
  try {
    const data = decodePayload(payload);
    if ("message" in data) state.showMessage(data.message);
    else state.showData(data);
  } catch (error) {
    state.showMessage(`This result cannot be shown. ${error instanceof Error ? error.message : error}`);
    throw error;
  }
}

/** @type {(payload: PositionsUpdate, state: State) => void} */
function readPlaces(payload, state) {
  const { data } = state;
  if (!data || payload.id !== data.id) return;
  const places = keepLivePlace(data, decodePlaces(payload));
  if (places.images.x.length !== data.n) return;
  if (places.classes && places.classes.x.length !== data.classes.names.length) return;
  state.showPlaces(places, payload.projection || data.projection);
}

/**
 * A panel that gradio made stands within the explorer, beside what it is about.
 * @type {(root: HTMLElement, panel: string, place: string) => void}
 */
function takeIn(root, panel, place) {
  const node = document.querySelector(panel);
  if (node) find(root, place).append(node);
}

/**
 * The first stop of the keyboard: past the class cards, of which each has several stops.
 * @type {(root: HTMLElement) => void}
 */
function addSkipButton(root) {
  document.querySelector("body > .skip")?.remove();
  const focus = () => find(root, "#beta-slider").focus();
  document.body.prepend(makeButton("skip", "Skip to sliders and map", focus));
}
