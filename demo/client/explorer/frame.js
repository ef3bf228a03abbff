// One frame: the state's predictions at its settings, computed once, then every panel from them.

import { setText } from "../dom.js";
import { currentTheme, makeChangeColours, makeClassColours, makeRamp, pageInks, rampIndex } from "./map/colours.js";
import { whenPlotly } from "./map/plotly.js";
import { DIM_ANCHORS } from "./map/points.js";
import { changeOf, explainMargin, makeWorkspace, runnerUp, SAME, softmaxRow, sweepTo } from "./model/formula.js";
import { formatWeight } from "./model/numbers.js";
import { samePictures } from "./model/payload.js";
import { ANCHOR_KIND, countOf, DIMMED, fillShade, HIDDEN, TEST } from "./model/selection.js";
import { summarise } from "./model/summary.js";
import { GROUP_NAMES } from "./panels/selected.js";

const THEMES = { attributes: true, attributeFilter: ["class"] };

/** What a frame computes, in arrays that are made once per data set; CLIP's own answers are the sweep at beta 0. */
function makeNumbers(data) {
  const classes = data.classes.names.length;
  const workspace = makeWorkspace(data.n, classes);
  sweepTo(workspace, data, 0, 0);
  const [clip, changes] = [workspace.best.slice(), new Uint8Array(data.n)];
  return {
    workspace, clip, changes, clipSummary: summarise(data, clip, changes), summary: null, why: null,
    shade: new Uint8Array(data.n), colours: new Array(data.n).fill(""),
    rows: { clip: new Float64Array(classes), llu: new Float64Array(classes) },
  };
}

/** The loop that turns `state` into what the panels show. `begin(panels)` makes it listen to the theme. */
export class Frame {
  numbers = null;
  panels = null;
  #root;
  #state;
  #palettes = null;
  #request = 0;
  #legendKey = "";

  constructor(root, state) {
    this.#root = root;
    this.#state = state;
  }

  begin(panels, onTheme) {
    this.panels = panels;
    let theme = currentTheme();
    new MutationObserver(() => {
      if (theme === currentTheme()) return;
      theme = currentTheme();
      this.#preparePalettes();
      onTheme();
    }).observe(document.body, THEMES);
  }

  /** Any number of events between two repaints cost one computation. */
  request() {
    if (this.#request) return;
    this.#request = requestAnimationFrame(() => {
      this.#request = 0;
      if (this.#state.data) this.#compute();
      this.render();
    });
  }

  /** The state holds another data set: draw it at once. `before` is the one that was on show, or null. */
  show(before) {
    const { data } = this.#state;
    const [samePoints, sameModel] = before ? [samePictures(before, data), before.id === data.id] : [false, false];
    this.numbers = makeNumbers(data);
    this.#preparePalettes();
    this.#legendKey = "";
    this.panels.overlay.show(data);
    this.panels.curve.show(data);
    this.panels.linkButton.show(data.preset);
    this.panels.tabs.showData(data, this.numbers.clip);
    this.#compute();
    this.#showMap(data, { keepsView: samePoints || sameModel, samePoints });
    this.render();
  }

  #showMap(data, manner) {
    whenPlotly(
      () => { if (this.#state.data === data) this.panels.map.show(data, this.#look(), manner); },
      () => setText(this.#root.querySelector(".map-note"), "The map needs plotly.js, which did not load. "
        + "Everything else works."),
    );
  }

  #preparePalettes() {
    const theme = currentTheme();
    const classes = this.#state.data ? this.#state.data.classes.names.length : 0;
    this.#palettes = {
      inks: pageInks(this.#root), ramp: makeRamp(theme), changes: makeChangeColours(theme),
      classes: makeClassColours(classes, theme),
    };
  }

  #compute() {
    const { data, beta, gamma, filter, chosen } = this.#state;
    const { workspace, clip, changes, shade } = this.numbers;
    sweepTo(workspace, data, beta, gamma);
    const { truth } = data.images;
    for (let i = 0; i < data.n; i++) changes[i] = changeOf(truth[i], clip[i], workspace.best[i]);
    this.numbers.summary = summarise(data, workspace.best, changes);
    const values = this.#colouredValues();
    fillShade(shade, data.kinds, filter, chosen, values);
    this.#fillColours(values);
  }

  /** What the colouring goes by, one number per picture; null where it is alpha. */
  #colouredValues() {
    const { data, colouring, system } = this.#state;
    const { clip, workspace, changes } = this.numbers;
    const choices = { truth: data.images.truth, clip, llu: workspace.best, changed: changes, method: system?.answers };
    return choices[colouring] ?? null;
  }

  #fillColours(values) {
    const { colouring, beta } = this.#state;
    const { colours, shade, workspace } = this.numbers;
    const { ramp, changes, classes } = this.#palettes;
    const palette = colouring === "changed" ? changes : classes;
    for (let i = 0; i < colours.length; i++) {
      if (shade[i] === DIMMED) colours[i] = changes[SAME];
      else if (values) colours[i] = values[i] < 0 ? changes[SAME] : palette[values[i]];
      else colours[i] = ramp[rampIndex(workspace.images.alpha[i], beta)];
    }
  }

  /** How the points look now, for `drawPoints`. */
  #look() {
    const { filter, chosen } = this.#state;
    const { colours, shade, changes } = this.numbers;
    const anchors = filter.kinds.has(ANCHOR_KIND) ? 0 : chosen ? DIM_ANCHORS : 1;
    return { colours, shade, changes, anchors, inks: this.#palettes.inks, labels: this.panels.overlay.labels };
  }

  /** The map first: a canvas asks for the page's styles to set its font, cheap only while they are up to date. */
  render() {
    const { state, panels } = { state: this.#state, panels: this.panels };
    if (state.data) this.#renderMap();
    panels.controls.show(state.beta, state.gamma);
    if (!state.data) return;
    const { data, beta, gamma, chosen, selected, colouring } = state;
    const { workspace, clip, changes, summary, clipSummary } = this.numbers;
    panels.tiles.show(summary, clipSummary, !data.images.group.includes(TEST));
    this.#renderSelected();
    this.#renderFilters();
    panels.tabs.show({
      data, beta, gamma, changes, clip, llu: workspace.best, alpha: workspace.images.alpha,
      scores: workspace.scores, chosen, selected, summary, clipSummary, title: data.title, colouring,
    });
  }

  #renderMap() {
    const { map, overlay } = this.panels;
    overlay.weigh(this.numbers.workspace.classes.alpha, this.#state.beta);
    if (!map.isReady()) return;
    map.recolour(this.#look());
    overlay.mark(this.numbers.shade, this.#state.selected);
  }

  #renderFilters() {
    const { data, colouring, system, filter, chosen, chosenTitle } = this.#state;
    const { legend, chips, colourChoice } = this.panels;
    colourChoice.show(colouring, system);
    const legendKey = `${data.id}:${colouring}:${this.#palettes.ramp[0]}`;
    if (legendKey !== this.#legendKey) legend.build(colouring, data, this.#palettes);
    this.#legendKey = legendKey;
    legend.mark(filter);
    const anchorsHidden = filter.kinds.has(ANCHOR_KIND);
    chips.show({
      chosen: chosen ? countOf(chosen, 1) : 0, title: chosenTitle,
      filtered: filter.kinds.size + filter.values.size > 0,
      hidden: countOf(this.numbers.shade, HIDDEN) + (anchorsHidden ? data.anchors.label.length : 0),
    });
  }

  #renderSelected() {
    const { data, selected, beta, gamma } = this.#state;
    const { workspace, rows, clip } = this.numbers;
    const similarity = selected < 0 ? null
      : { images: data.images.nearest[selected], classes: data.classes.nearest[workspace.best[selected]] };
    this.panels.curve.move(beta, gamma, similarity);
    this.#root.classList.toggle("unselected", selected < 0);
    this.numbers.why = null;
    if (selected < 0) return this.panels.card.show(data, -1);
    const classes = data.classes.names.length;
    softmaxRow(rows.clip, data.scores.uu, selected, classes, data.logitScale);
    softmaxRow(rows.llu, workspace.scores, selected, classes, data.logitScale);
    const answers = { clip: clip[selected], llu: workspace.best[selected] };
    this.panels.card.show(data, selected, {
      ...answers, clipProbability: rows.clip[answers.clip], lluProbability: rows.llu[answers.llu],
      alpha: workspace.images.alpha[selected], textAlpha: workspace.classes.alpha, beta,
    });
    this.panels.bars.show(data, rows.clip, rows.llu, data.images.truth[selected]);
    this.#renderWhy(answers);
  }

  /** LLU's answer against CLIP's; where they agree, against the class that CLIP came second. */
  #renderWhy({ clip, llu }) {
    const { data, selected, beta, gamma } = this.#state;
    const rival = clip === llu ? runnerUp(data.scores.uu, selected, data.classes.names.length, clip) : clip;
    if (rival >= 0) this.numbers.why = explainMargin(data, selected, llu, rival, beta, gamma);
    const names = { lead: data.classes.names[llu], rival: data.classes.names[rival] };
    this.panels.reasons.show(this.numbers.why, names, clip !== llu);
  }

  /** The text of the hover card. */
  describe(i) {
    const { data } = this.#state;
    const { workspace } = this.numbers;
    const truth = data.images.truth[i];
    const answer = data.classes.names[workspace.best[i]];
    return {
      name: data.images.names[i],
      truth: truth < 0 ? GROUP_NAMES[data.images.group[i]] : data.classes.names[truth],
      line: `LLU ${answer}  \u00b7  \u03b1 ${formatWeight(workspace.images.alpha[i])}`,
    };
  }
}
