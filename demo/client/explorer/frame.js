// One frame: the state's predictions at its settings, computed once, then every panel from them.

import { find, setText } from "../dom.js";
import { channelsOf, currentTheme } from "./map/colours.js";
import { fillColours, makePalettes } from "./map/palettes.js";
import { whenPlotly } from "./map/plotly.js";
import { captionOf } from "./model/caption.js";
import { explainMargin, runnerUp, softmaxRow } from "./model/formula.js";
import { formatWeight } from "./model/numbers.js";
import { samePictures } from "./model/payload.js";
import { classNamesOf, problemIndex } from "./model/problems.js";
import { countHidden, countOf, isFiltering, TEST } from "./model/selection.js";
import { explainComposed } from "./model/shelf/composed.js";
import { settingAlone, settingOf, shadedSetting } from "./model/shelf/masks.js";
import { actingSet, actsTogether } from "./model/shelf/sets.js";
import { computeNumbers, makeNumbers } from "./numbers.js";
import { groupNameOf } from "./panels/selected.js";

/** @import { Data, Look, MapPanel, Numbers, Palettes, Panels, Problem } from '../types.d.ts' */
/** @import { State } from "./state.js" */

const THEMES = { attributes: true, attributeFilter: ["class"] };

/** The loop that turns `state` into what the panels show. `begin(panels)` makes it listen to the theme. */
export class Frame {
  #root;
  #state;
  #tile;
  #palettes;
  /** @type {Panels | null} */
  #panels = null;
  /** @type {Numbers | null} */
  #numbers = null;
  #request = 0;
  #legendKey = "";

  /** @param {HTMLElement} root @param {State} state @param {Look["tile"]} tile the thumbnail of a picture */
  constructor(root, state, tile) {
    this.#root = root;
    this.#state = state;
    this.#tile = tile;
    this.#palettes = makePalettes(root, 0, 0);
  }

  get panels() {
    if (!this.#panels) throw new Error("The panels are there once the frame has begun.");
    return this.#panels;
  }

  /** What the last frame computed. */
  get numbers() {
    if (!this.#numbers) throw new Error("There are numbers once a data set is there.");
    return this.#numbers;
  }

  /** @type {(panels: Panels, onTheme: () => void) => void} */
  begin(panels, onTheme) {
    this.#panels = panels;
    let theme = currentTheme();
    new MutationObserver(() => {
      if (theme === currentTheme()) return;
      theme = currentTheme();
      this.#palettes = makePalettes(this.#root, this.#palettes.classes.length, this.#palettes.sets.length);
      panels.reach.retint(this.#palettes.inks, this.#palettes.sets);
      onTheme();
    }).observe(document.body, THEMES);
  }

  /** Whether a frame was asked for that is not drawn yet. */
  isDue() {
    return this.#request !== 0;
  }

  /** Any number of events between two repaints cost one computation. */
  request() {
    this.#request ||= requestAnimationFrame(() => this.drawDue());
  }

  /** Draw what was asked for and is not drawn yet, without waiting for the repaint. */
  drawDue() {
    if (!this.#request) return;
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    if (this.#state.data) this.#compute();
    this.render();
  }

  /**
   * The state holds another data set: draw it at once. `before` is the one that was on show, or null.
   * @type {(data: Data, before: Data | null) => void}
   */
  show(data, before) {
    const [samePoints, sameModel] = before ? [samePictures(before, data), before.id === data.id] : [false, false];
    this.#numbers = makeNumbers(data);
    this.#palettes = makePalettes(this.#root, data.classes.names.length, data.shelf?.able.length ?? 0);
    this.#legendKey = "";
    this.panels.overlay.show(data);
    this.panels.reach.retint(this.#palettes.inks, this.#palettes.sets);
    this.panels.reach.show(data);
    this.tellCaption();
    this.panels.tabs.showData(data, this.numbers.clip);
    this.panels.lesson.showData(data, this.numbers.clip);
    this.#compute();
    this.#showMap(data, { keepsView: samePoints || sameModel, samePoints });
    this.render();
  }

  /** The example's line, with its numbers as they now are. */
  tellCaption() {
    const { data, clip } = this.numbers;
    this.panels.caption.show(captionOf(data, clip));
  }

  /** @type {(data: Data, manner: Parameters<MapPanel["show"]>[2]) => void} */
  #showMap(data, manner) {
    whenPlotly(
      () => { if (this.#state.data === data) this.panels.map.show(data, this.#look(), manner); },
      () => setText(find(this.#root, ".map-note"), "The map needs plotly.js, which did not load. "
        + "Everything else works."),
    );
  }

  #compute() {
    const values = computeNumbers(this.numbers, this.#state);
    fillColours(this.numbers, this.#state, this.#palettes, values);
  }

  /** How the points look now, for `drawPoints`. @type {() => Look} */
  #look() {
    const { data, colours, shade, shares, changes, received, acting } = this.numbers;
    const { inks, mask, sets } = this.#palettes;
    return {
      received: received.images, colours, shade, shares, changes, inks, maskInk: mask,
      setInks: data.shelf?.together ? { of: acting, inks: sets.map(channelsOf) } : null,
      labels: this.panels.overlay.labels, tile: this.#tile,
    };
  }

  /** The map first: a canvas asks for the page's styles to set its font, cheap only while they are up to date. */
  render() {
    const { panels } = this;
    const { beta, gamma, chosen, selected, colouring } = this.#state;
    if (this.#state.data) this.#renderMap();
    const shelf = this.#state.data?.shelf ?? null;
    const title = shelf?.together ? shelf.able[shelf.moved].title : "";
    panels.controls.show(beta, gamma, this.#state.data?.statistics ?? null, title);
    if (!this.#state.data) return;
    const { data, sweeps, clip, changes, shade, summary, clipSummary } = this.numbers;
    const everyday = data.everyday?.names.length ?? 0;
    panels.tiles.show(summary, clipSummary, { ofTraining: !data.images.group.includes(TEST), everyday });
    panels.shelf.show(data, this.numbers.sets, this.numbers.clipSets, this.#palettes.sets);
    const { received } = this.numbers;
    panels.reach.move({ ...shadedSetting(data.shelf, { beta, gamma }), changes, shade, selected, received });
    this.#renderSelected();
    this.#renderFilters();
    panels.tabs.show({
      data, beta, gamma, changes, clip, llu: sweeps.best, alpha: sweeps.alpha, chosen, selected, summary,
      colouring,
    });
  }

  #renderMap() {
    const { map, overlay } = this.panels;
    overlay.weigh(this.numbers.sweeps.workspaces[0].classes.alpha, this.numbers.received.classes);
    if (!map.isReady()) return;
    map.recolour(this.#look());
    overlay.mark(this.numbers.shade, this.#state.selected);
  }

  #renderFilters() {
    const { colouring, system, filter, chosen, chosenTitle } = this.#state;
    const { data, shade } = this.numbers;
    const { legend, chips, colourChoice } = this.panels;
    colourChoice.show(colouring, system, data.shelf?.together ?? false);
    const legendKey = `${data.id}:${colouring}:${this.#palettes.ramp[0]}`;
    if (legendKey !== this.#legendKey) legend.build(colouring, data, this.#palettes);
    this.#legendKey = legendKey;
    legend.mark(filter);
    chips.show({
      chosen: chosen ? countOf(chosen, 1) : 0, title: chosenTitle,
      filtered: isFiltering(filter),
      hidden: countHidden(shade, data.kinds),
    });
  }

  #renderSelected() {
    const { selected } = this.#state;
    const { data, sweeps, clip } = this.numbers;
    this.#root.classList.toggle("unselected", selected < 0);
    this.numbers.why = null;
    if (selected < 0) return this.panels.card.clear();
    const at = problemIndex(data, selected);
    const [problem, workspace] = [data.problems[at], sweeps.workspaces[at]];
    const [row, classes] = [selected - problem.start, problem.classes.names.length];
    const rows = { clip: new Float64Array(classes), llu: new Float64Array(classes) };
    softmaxRow(rows.clip, problem.scores.uu, row, classes, data.logitScale);
    softmaxRow(rows.llu, workspace.scores, row, classes, data.logitScale);
    const answers = { clip: clip[selected], llu: sweeps.best[selected] };
    this.panels.card.show(data, selected, {
      ...answers, clipProbability: rows.clip[answers.clip], lluProbability: rows.llu[answers.llu],
      alpha: sweeps.alpha[selected], textAlpha: workspace.classes.alpha,
      beta: settingOf(data.shelf, "images", selected, this.#state).beta,
      set: actingSet(data, "images", selected, sweeps.alpha[selected]),
    });
    this.panels.bars.show(problem, rows.clip, rows.llu, data.images.truth[selected]);
    this.#renderWhy(problem, row, answers);
  }

  /**
   * LLU's answer against CLIP's; where they agree, against the class that CLIP came second.
   * @type {(problem: Problem, row: number, answers: { clip: number, llu: number }) => void}
   */
  #renderWhy(problem, row, { clip, llu }) {
    const { names } = problem.classes;
    const rival = clip === llu ? runnerUp(problem.scores.uu, row, names.length, clip) : clip;
    const { data, sweeps } = this.numbers;
    const several = actsTogether(data.shelf);
    const { beta, gamma } = settingAlone(data.shelf, this.#state.beta, this.#state.gamma);
    if (rival >= 0) {
      this.numbers.why = several
        ? explainComposed(sweeps.workspaces[data.problems.indexOf(problem)], problem, row, llu, rival)
        : explainMargin(problem, row, llu, rival, beta, gamma);
    }
    const third = several ? "other sets" : data.statistics === true ? "statistics" : "";
    this.panels.reasons.show(this.numbers.why, { lead: names[llu], rival: names[rival] }, clip !== llu, third);
  }

  /** Picture i in one sentence, for those who cannot see the map. @param {number} i */
  tell(i) {
    const { data, sweeps, clip } = this.numbers;
    const names = classNamesOf(data, i);
    const { name, truth } = this.describe(i);
    return `${name}, ${truth}. CLIP says ${names[clip[i]]}, LLU ${names[sweeps.best[i]]}, `
      + `alpha ${formatWeight(sweeps.alpha[i])}.`;
  }

  /** The text of the hover card. @param {number} i */
  describe(i) {
    const { data, sweeps } = this.numbers;
    const [truth, names] = [data.images.truth[i], classNamesOf(data, i)];
    const set = actingSet(data, "images", i, sweeps.alpha[i])?.title ?? "";
    return {
      name: data.images.names[i],
      truth: truth < 0 ? groupNameOf(data, i) : names[truth],
      line: [`LLU ${names[sweeps.best[i]]}`, `\u03b1 ${formatWeight(sweeps.alpha[i])}`, set].filter(Boolean).join("  \u00b7  "),
    };
  }
}
