// One frame: predictions at the current settings, then every panel from them.

function compute(app) {
  const { data, workspace } = app;
  sweepTo(workspace, data, app.beta, app.gamma);
  const { truth } = data.images;
  for (let i = 0; i < data.n; i++) app.changes[i] = changeOf(truth[i], app.clip[i], workspace.best[i]);
  app.summary = summarise(data, workspace.best, app.changes);
  fillShade(app);
  fillColours(app);
}

function fillColours(app) {
  const { data, workspace, palettes, colours, shade } = app;
  const byClass = ["alpha", "changed"].includes(app.colouring) ? null : colouredValues(app);
  for (let i = 0; i < data.n; i++) {
    if (shade[i] === DIMMED) colours[i] = palettes.changes[SAME];
    else if (byClass) colours[i] = byClass[i] < 0 ? palettes.changes[SAME] : palettes.classes[byClass[i]];
    else if (app.colouring === "changed") colours[i] = palettes.changes[app.changes[i]];
    else colours[i] = palettes.ramp[rampIndex(workspace.images.alpha[i], app.beta)];
  }
}

/** How the points look now, for `drawPoints`. */
function mapLook(app) {
  const anchors = app.filter.kinds.has(ANCHOR_KIND) ? 0 : app.chosen ? DIM_ANCHORS : 1;
  const { colours, shade, changes, palettes: { inks } } = app;
  return { colours, shade, changes, anchors, inks, labels: app.overlay.labels };
}

function preparePalettes(app) {
  const theme = currentTheme();
  app.palettes = {
    inks: pageInks(app.root), ramp: makeRamp(theme), changes: makeChangeColours(theme),
    classes: makeClassColours(app.data ? app.data.classes.names.length : 0, theme),
  };
}

function watchTheme(app) {
  let theme = currentTheme();
  new MutationObserver(() => {
    if (theme === currentTheme()) return;
    theme = currentTheme();
    preparePalettes(app);
    if (app.data) requestFrame(app);
    settleSoon(app);
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}

/** The map first: a canvas asks for the page's styles to set its font, which is cheap only while they are up to date. */
function render(app) {
  if (app.data) renderMap(app);
  app.controls.show(app.beta, app.gamma);
  if (!app.data) return;
  const { data, workspace, summary } = app;
  app.tiles.show(summary, app.clipSummary, !data.images.group.includes(1));
  renderSelected(app);
  renderFilters(app);
  app.tabs.show({
    data, beta: app.beta, gamma: app.gamma, changes: app.changes, clip: app.clip, llu: workspace.best,
    alpha: workspace.images.alpha, scores: workspace.scores, chosen: app.chosen, selected: app.selected,
    summary, clipSummary: app.clipSummary, title: data.title, colouring: app.colouring,
  });
}

function renderMap(app) {
  app.overlay.weigh(app.workspace.classes.alpha, app.beta);
  if (!app.map.isReady()) return;
  app.map.recolour(mapLook(app));
  app.overlay.mark(app.shade, app.selected);
}

function renderFilters(app) {
  const legendKey = `${app.data.id}:${app.colouring}:${app.palettes.ramp[0]}`;
  if (legendKey !== app.legendKey) app.legend.build(app.colouring, app.data, app.palettes);
  app.legendKey = legendKey;
  app.legend.mark(app.filter);
  const anchorsHidden = app.filter.kinds.has(ANCHOR_KIND);
  app.chips.show({
    chosen: countChosen(app), title: app.chosenTitle,
    filtered: app.filter.kinds.size + app.filter.values.size > 0,
    hidden: countShade(app.shade, HIDDEN) + (anchorsHidden ? app.data.anchors.label.length : 0),
  });
}

function renderSelected(app) {
  const { data, selected, workspace, rows } = app;
  const similarity = selected < 0 ? null
    : { images: data.images.nearest[selected], classes: data.classes.nearest[workspace.best[selected]] };
  app.curve.move(app.beta, app.gamma, similarity);
  app.root.classList.toggle("unselected", selected < 0);
  app.why = null;
  if (selected < 0) return app.card.show(data, -1);
  const classes = data.classes.names.length;
  softmaxRow(rows.clip, app.clipScores, selected, classes, data.logitScale);
  softmaxRow(rows.llu, workspace.scores, selected, classes, data.logitScale);
  const [clip, llu] = [app.clip[selected], workspace.best[selected]];
  app.card.show(data, selected, {
    clip, llu, clipProbability: rows.clip[clip], lluProbability: rows.llu[llu],
    alpha: workspace.images.alpha[selected], textAlpha: workspace.classes.alpha, beta: app.beta,
  });
  app.bars.show(data, rows.clip, rows.llu, data.images.truth[selected]);
  renderWhy(app, clip, llu);
}

/** LLU's answer against CLIP's; where they agree, against the class that CLIP came second. */
function renderWhy(app, clip, llu) {
  const { data, selected } = app;
  const rival = clip === llu ? runnerUp(app.clipScores, selected, data.classes.names.length, clip) : clip;
  if (rival >= 0) app.why = explainMargin(data, selected, llu, rival, app.beta, app.gamma);
  const names = { lead: data.classes.names[llu], rival: data.classes.names[rival] };
  app.reasons.show(app.why, names, clip !== llu);
}

/** The text of the hover card. */
function describe(app, i) {
  const { data, workspace } = app;
  const truth = data.images.truth[i];
  const answer = data.classes.names[workspace.best[i]];
  return {
    name: data.images.names[i],
    truth: truth < 0 ? GROUP_NAMES[data.images.group[i]] : data.classes.names[truth],
    line: `LLU ${answer}  \u00b7  \u03b1 ${formatWeight(workspace.images.alpha[i])}`,
  };
}

function showProjection(app) {
  setText(app.root.querySelector(".projection"), app.data.projection);
}

/** window.lluExplorer: for tests and for people who like a console. */
function publicFace(app) {
  return {
    state: () => ({
      id: app.data ? app.data.id : null,
      beta: app.beta, gamma: app.gamma, selected: app.selected, colouring: app.colouring,
      tiles: app.data ? { ...app.summary } : null, clip: app.data ? { ...app.clipSummary } : null,
      projection: app.data ? app.data.projection : null, resting: app.map.isResting(),
      chosen: countChosen(app), hidden: app.data ? countShade(app.shade, HIDDEN) : 0, why: app.why && { ...app.why },
      tabs: app.tabs.state(),
    }),
    setBeta: (beta) => { app.touched = app.unsent = true; setSettings(app, Number(beta), null); },
    setGamma: (gamma) => { app.touched = app.unsent = true; setSettings(app, null, readGamma(gamma)); },
    select: (i) => select(app, i),
    /** Where picture i is on the map, in pixels of the window: [x, y]. */
    where(i) {
      const { x, y } = app.root.querySelector(".map-area").getBoundingClientRect();
      const [left, top] = app.map.place("images", i);
      return [x + left, y + top];
    },
    choose: (indices) => choose(app, indices),
    exportSvg: () => Promise.resolve(mapSvg(app)),
    predict: (beta, gamma) => probabilitiesAt(app.data, app.data.logitScale, beta, readGamma(gamma)),
  };
}

mountExplorer(element, props, trigger, watch);
