// The explorer: one state, one frame loop. A slider event changes the state and asks for a frame; the frame computes
// the predictions once and hands them to every panel. `element`, `props`, `trigger` and `watch` come from gradio's
// HTML component.

const SETTLE_MILLISECONDS = 140;
const PAUSE_MILLISECONDS = 600;

function mountExplorer(element, props, trigger, watch) {
  const root = element.querySelector(".explorer");
  const app = {
    root, data: null, beta: 0.5, gamma: 20, selected: -1, colouring: "alpha", touched: false, frame: 0, settleTimer: 0,
    settingsSent: "", unsent: false, sheet: null, text: "", link: null, why: null,
    chosen: null, chosenTitle: "", method: null, filter: makeFilter(), shade: new Uint8Array(0),
    ask: (name, request) => trigger(name, request),
  };
  buildPanels(app);
  addSkipButton(root);
  watchLink(app);
  const read = () => readPayload(app, props.value);
  watch("value", read);
  watchTheme(app);
  window.lluExplorer = publicFace(app);
  read();
}

function buildPanels(app) {
  const { root } = app;
  const paint = (node, i) => paintThumb(node, app.sheet, i, i >= 0 ? app.data.images.names[i] : "");
  const pick = (i) => select(app, i);
  const move = (beta, gamma) => { app.touched = true; setSettings(app, beta, gamma); };
  const settle = () => { app.unsent = true; settleSoon(app); };
  app.controls = createControls(root, { move, settle, reset: () => resetSettings(app) });
  app.tiles = createTiles(root);
  app.card = createSelectedCard(root, paint, (name) => app.ask("unquery", { name }));
  app.reasons = createWhy(root);
  app.bars = createBars(root);
  app.curve = createCurve(root);
  app.linkButton = createLinkButton(root, () => window.location.href.split("#")[0] + (app.data ? linkHash(app) : ""));
  buildMap(app, paint, pick);
  app.tabs = createTabs(root, {
    paint, pick, choose: (indices, title) => choose(app, indices, title), ask: app.ask,
    colourBy: (title, answers) => colourByMethod(app, title, answers),
    move: (beta, gamma) => { move(beta, gamma); settle(); }, stepped: () => settleSoon(app),
  });
}

/** The first stop of the keyboard: past the class cards, of which each has several stops. */
function addSkipButton(root) {
  document.querySelector("body > .skip")?.remove();
  const button = make("button", "skip", "Skip to sliders and map");
  button.addEventListener("click", () => root.querySelector("#beta-slider").focus());
  document.body.prepend(button);
}

function buildMap(app, paint, pick) {
  const { root } = app;
  const area = root.querySelector(".map-area");
  const clear = () => choose(app, null);
  app.map = createMap(root.querySelector(".map-plot"), root.querySelector(".map-points"), () => app.overlay.follow());
  app.overlay = createOverlay(root.querySelector(".map-overlay"), (layer, i) => app.map.place(layer, i), app.map.size);
  app.legend = createLegend(root, (part, key) => toggleLegend(app, part, key));
  app.hover = createHoverCard(root.querySelector(".hover-card"), (i) => describe(app, i), paint, app.map.size);
  app.lasso = createLasso(root, app.map, { choose: (indices) => choose(app, indices, "lasso"), clear });
  app.chips = createChips(root, { clear: () => { app.lasso.leave(); clear(); }, showAll: () => showEverything(app) });
  wirePointer(area, app.map, () => app.data && app.shade, app.hover, pick);
  wireKeys(area, app.map, (step) => walk(app, step));
  wireExport(root, app);
  for (const button of root.querySelectorAll(".map-buttons [data-zoom]")) {
    button.addEventListener("click", () => app.map.zoom(Number(button.dataset.zoom)));
  }
  root.querySelector("#colour-by").addEventListener("change", (event) => setColouring(app, event.target.value));
}

/** A new value of the component: a whole data set, or coordinates, a walk or a comparison for the one on show. */
function readPayload(app, text) {
  if (!text || text === app.text) return;
  app.text = text;
  const payload = JSON.parse(text);
  if (payload.update === "positions") return movePoints(app, payload);
  if (payload.update) return app.data && payload.id === app.data.id ? app.tabs[payload.update](payload) : undefined;
  try {
    showData(app, decodePayload(payload));
  } catch (error) {
    showMessage(app, `This result cannot be shown. ${error.message}`);
    throw error;
  }
}

function movePoints(app, payload) {
  if (!app.data || payload.id !== app.data.id) return;
  const places = normalisePlaces(decodePlaces(payload), app.data.images.group);
  if (!places.images || places.images.x.length !== app.data.n) return;
  if (places.classes && places.classes.x.length !== app.data.classes.names.length) return;
  if (payload.projection) app.data.projection = payload.projection;
  showProjection(app);
  app.map.moveTo({ ...app.data.places, ...places });
}

function showMessage(app, message) {
  app.data = null;
  app.root.classList.add("empty");
  setText(app.root.querySelector(".empty-message"), message);
}

function showData(app, data) {
  if (data.n === 0) return showMessage(app, data.message);
  const before = app.data;
  const samePoints = Boolean(before) && samePictures(before, data);
  const sameModel = Boolean(before) && before.id === data.id;
  const target = data.places;
  if (samePoints) data.places = startPlaces(before.places, target);
  app.data = data;
  data.counted = countedPictures(data);
  data.kinds = Array.from(data.counted, (_, i) => kindOf(data, i));
  keepFilters(app, before, sameModel);
  forgetMethod(app);
  app.root.classList.remove("empty");
  replaceSheet(app, data);
  prepareSweep(app, data);
  if (!app.touched) Object.assign(app, { beta: data.beta, gamma: data.gamma });
  app.selected = data.select >= 0 ? data.select : keptSelection(app, before, data, samePoints);
  app.overlay.show(data);
  app.curve.show(data);
  app.linkButton.show(data.preset);
  app.tabs.showData(data, app.clip);
  showProjection(app);
  compute(app);
  paintMap(app, samePoints || sameModel, target);
  render(app);
  meetLink(app, before === null);
}

/** Where the points set out from: their old places, layer by layer, where the number of points is the same. */
function startPlaces(before, target) {
  const layers = Object.entries(target).map(([name, layer]) => {
    const fits = layer && before[name] && before[name].x.length === layer.x.length;
    return [name, fits ? before[name] : layer];
  });
  return Object.fromEntries(layers);
}

/** What is chosen and hidden stays with its model; another one starts with everything on show. */
function keepFilters(app, before, sameModel) {
  app.chosen = sameModel ? keptChoice(before, app.chosen, app.data) : null;
  if (!app.chosen) app.chosenTitle = "";
  if (!sameModel) app.filter = makeFilter();
  app.shade = new Uint8Array(app.data.n);
  app.legendKey = "";
}

/** CLIP's own answers, once: they are the sweep at beta 0. */
function prepareSweep(app, data) {
  const classes = data.classes.names.length;
  app.workspace = makeWorkspace(data.n, classes);
  sweepTo(app.workspace, data, 0, 0);
  app.clip = app.workspace.best.slice();
  app.clipScores = data.scores.uu;
  app.changes = new Uint8Array(data.n);
  app.colours = new Array(data.n).fill("");
  app.clipSummary = summarise(data, app.clip, app.changes);
  app.rows = { clip: new Float64Array(classes), llu: new Float64Array(classes) };
  preparePalettes(app);
}

/** The selected picture stays selected while it is there; a new set opens on a prediction that the update fixed. */
function keptSelection(app, before, data, samePoints) {
  if (samePoints && app.selected >= 0) return app.selected;
  const kept = before && app.selected >= 0 ? data.images.names.indexOf(before.images.names[app.selected]) : -1;
  if (kept >= 0) return kept;
  compute(app);
  const fixed = app.changes.findIndex((change, i) => change === FIXED && data.counted[i]);
  return fixed >= 0 ? fixed : Math.max(data.counted.indexOf(1), 0);
}

function replaceSheet(app, data) {
  if (app.sheet) URL.revokeObjectURL(app.sheet.url);
  app.sheet = openSheet(data.thumbnails, data.n, () => {
    if (app.data !== data) return;
    app.tabs.forget();
    render(app);
  });
  data.thumbnails = null;
}

function paintMap(app, same, target) {
  if (!window.Plotly) return waitForPlotly(app, same, target);
  const move = () => { if (app.data && app.data.places !== target) app.map.moveTo(target); };
  app.map.show(app.data, mapLook(app), same).then(move);
}

/** plotly.js arrives as a script of its own; everything but the map works meanwhile. */
function waitForPlotly(app, same, target, tries = 100) {
  const { data } = app;
  setTimeout(() => {
    if (app.data !== data) return;
    if (window.Plotly) return paintMap(app, same, target);
    if (tries > 0) return waitForPlotly(app, same, target, tries - 1);
    setText(app.root.querySelector(".map-note"), "The map needs plotly.js, which did not load. Everything else works.");
  }, 100);
}

/** null for what stays as it is. */
function setSettings(app, beta, gamma) {
  forgetLink(app);
  app.beta = Math.min(Math.max(beta ?? app.beta, 0), 1);
  app.gamma = Math.max(gamma ?? app.gamma, 0);
  app.tiles.busy(true);
  requestFrame(app);
  settleSoon(app, PAUSE_MILLISECONDS);
}

/** Back to the settings of the training; the next training brings its own again. */
function resetSettings(app) {
  app.touched = false;
  app.unsent = true;
  setSettings(app, app.data ? app.data.beta : 0.5, app.data ? app.data.gamma : 20);
  settleSoon(app);
}

function select(app, i) {
  if (!app.data || !(i >= -1 && i < app.data.n)) return;
  forgetLink(app);
  app.selected = i;
  requestFrame(app);
  settleSoon(app);
}

/** Through the pictures on show: the chosen ones where some are chosen, never hidden ones. */
function walk(app, step) {
  if (!app.data) return;
  const { n } = app.data;
  const forth = step === "first" || step > 0;
  let i = step === "first" ? n - 1 : step === "last" ? 0 : Math.max(app.selected, 0);
  for (let tries = 0; tries < n; tries++) {
    i = (i + (forth ? 1 : -1) + n) % n;
    if (app.shade[i] === SHOWN) return select(app, i);
  }
}

/** Colour the map by the answers of a compared system; the list of colourings then names it. */
function colourByMethod(app, title, answers) {
  app.method = { title, answers };
  const list = app.root.querySelector("#colour-by");
  const entry = list.querySelector("[value=method]") ?? list.appendChild(make("option"));
  entry.value = "method";
  setText(entry, `${title} answer`);
  setColouring(app, "method");
}

/** The answers are those of one set: with another one they are gone. */
function forgetMethod(app) {
  app.method = null;
  app.root.querySelector("#colour-by [value=method]")?.remove();
  if (app.colouring === "method") takeColouring(app, "alpha");
}

function takeColouring(app, name) {
  if (app.colouring !== name) app.filter.values.clear();
  app.colouring = name;
  app.root.querySelector("#colour-by").value = name;
}

function setColouring(app, name) {
  forgetLink(app);
  takeColouring(app, name);
  if (!app.data) return;
  requestFrame(app);
  settleSoon(app);
}

/** Any number of events between two repaints cost one computation. */
function requestFrame(app) {
  if (app.frame) return;
  app.frame = requestAnimationFrame(() => {
    app.frame = 0;
    if (app.data) compute(app);
    render(app);
  });
}

/** The hand has come to rest: screen readers hear the tiles, the server learns the settings. */
function settleSoon(app, wait = SETTLE_MILLISECONDS) {
  clearTimeout(app.settleTimer);
  app.settleTimer = setTimeout(() => {
    app.tiles.busy(false);
    app.tabs.settle();
    writeLink(app);
    if (!app.unsent) return;
    app.unsent = false;
    const settings = { beta: app.beta, gamma: app.gamma === Infinity ? "inf" : app.gamma };
    const text = JSON.stringify(settings);
    if (text !== app.settingsSent) app.ask("settings", settings);
    app.settingsSent = text;
  }, wait);
}
