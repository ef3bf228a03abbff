// The explorer's one state and every way to change it. It tells its subscribers what kind of change it was and calls
// nobody else: what follows from a change (a frame, the address, a word to the server) is decided where it is heard.

import { CHANGED, DATA, LIVE, MOVING, PLACES, RELEASED, STEPPED, SWITCHED, TURNED } from "./change.js";
import { LESSON } from "./model/lesson/steps.js";
import { readLive, saidOf, withLive, withoutLive, writeLive } from "./model/live.js";
import { placeAgain, placeAnew } from "./model/places.js";
import { countStatistics } from "./model/problems.js";
import { flip, keptByName, keptChoice, makeFilter } from "./model/selection.js";
import { colouringIn, keepSwitches, switchSet } from "./model/shelf/sets.js";
import { openingPicture } from "./model/summary.js";
import { Sliders } from "./sliders.js";
import { TAB_NAMES } from "./tabs/names.js";

/** @import { CameraAnswer, Change, Colouring, Data, Filter, Link, LiveSaid, Places } from '../types.d.ts' */
/** @import { Settings, System, TabName } from '../types.d.ts' */

export class State {
  /** The data set on show, null while there is none; `message` then says why. @type {Data | null} */
  data = null;
  message = "";
  /** Whether class statistics count, where the adapter has some. */
  statistics = true;
  /** Row of the selected picture, -1 for none. */
  selected = -1;
  /** What the map is coloured by: one of COLOURINGS, or "method" for the answers of `system`. @type {Colouring} */
  colouring = "alpha";
  /** A compared system whose answers can colour the map: one class per picture. @type {System | null} */
  system = null;
  /**
   * 1 for each chosen picture, null while all are; `chosenTitle` says where the choice comes from.
   * @type {Uint8Array | null}
   */
  chosen = null;
  chosenTitle = "";
  /** @type {Filter} */
  filter = makeFilter();
  /** @type {TabName} */
  tab = TAB_NAMES[0];
  /** The step of the lesson, counted from 1, and whether the lesson is open. */
  step = 1;
  inLesson = false;
  /** A link that waits for its example; once the hand moves on, it has no say any more. @type {Link | null} */
  link = null;

  #sliders = new Sliders();
  /** @type {((kind: Change) => void)[]} */
  #listeners = [];

  /** Of the set that the sliders are about: the one on the page, or the shelf's that the visitor chose for them. */
  get beta() { return this.#sliders.beta; }
  get gamma() { return this.#sliders.gamma; }

  /**
   * `listener(kind)` is called after every change, in the order of subscription.
   * @type {(listener: (kind: Change) => void) => void}
   */
  subscribe(listener) {
    this.#listeners.push(listener);
  }

  /** @type {(kind: Change) => void} */
  #tell(kind) {
    for (const listener of this.#listeners) listener(kind);
  }

  /**
   * What is chosen and hidden stays with its model; another one starts with everything on show.
   * @type {(data: Data) => void}
   */
  showData(data) {
    const before = this.data;
    const sameModel = before !== null && before.id === data.id;
    this.chosen = sameModel ? keptChoice(before, this.chosen, data) : null;
    if (!this.chosen) this.chosenTitle = "";
    if (!sameModel) this.filter = makeFilter();
    this.system = null; // its answers are those of one set
    this.#colourBy(colouringIn(data, this.colouring, sameModel));
    if (!this.#sliders.meet(data, before)) this.statistics = data.statistics ?? true;
    if (sameModel) keepSwitches(before, data);
    countStatistics(data, this.statistics);
    this.selected = this.#selectionIn(data, before);
    this.data = data;
    placeAnew(data, this.filter);
    this.#tell(DATA);
  }

  /**
   * The selected picture stays selected while it is there; a new set opens on a prediction that the update fixed.
   * @type {(data: Data, before: Data | null) => number}
   */
  #selectionIn(data, before) {
    if (data.select >= 0) return data.select;
    const kept = before && this.selected >= 0 ? keptByName(before, this.selected, data) : -1;
    return kept >= 0 ? kept : openingPicture(data, this.beta, this.gamma);
  }

  /**
   * The webcam's picture of the moment is a row of its own while there is one, null when it is off. Returns what both
   * models say to it, null where it does not fit what is on show.
   * @type {(answer: CameraAnswer | null) => LiveSaid | null}
   */
  showLive(answer) {
    const { data } = this;
    if (!answer) {
      if (data?.live) this.showData(withoutLive(data, data.live));
      return null;
    }
    const row = data && readLive(data, answer);
    if (!row) return null;
    if (data.live) {
      writeLive(data, row);
      placeAgain(data, this.filter);
      this.#tell(LIVE);
    } else this.showData(withLive(data, row, this.selected));
    return saidOf(data, row, this.beta, this.gamma);
  }

  /** @type {(message: string) => void} */
  showMessage(message) {
    this.#sliders.leave(this.data);
    Object.assign(this, { data: null, message });
    this.#tell(DATA);
  }

  /**
   * The same pictures in another projection; `laid` as the server laid them out.
   * @type {(laid: Places, projection: string) => void}
   */
  showPlaces(laid, projection) {
    if (!this.data) return;
    Object.assign(this.data, { projection, laid });
    placeAnew(this.data, this.filter);
    this.#tell(PLACES);
  }

  /** The sliders follow the hand; null for what stays. @type {(beta: number | null, gamma: number | null) => void} */
  moveTo(beta, gamma) {
    this.link = null;
    this.#sliders.move(this.data, beta, gamma);
    this.#tell(MOVING);
  }

  /** The hand is off the sliders: the server may learn where they stand. */
  release() {
    this.#sliders.release();
    this.#tell(RELEASED);
  }

  /** Class statistics count, or not. @type {(on: boolean) => void} */
  switchStatistics(on) {
    if (!this.data || this.data.statistics === null || on === this.statistics) return;
    Object.assign(this, { link: null, statistics: on });
    this.#sliders.own(this.data);
    countStatistics(this.data, on);
    this.#sliders.release();
    this.#tell(SWITCHED);
  }

  /** A set acts, or rests. @type {(name: string, on: boolean) => void} */
  switchSet(name, on) {
    if (!this.data || !switchSet(this.data, name, on)) return;
    this.link = null;
    this.#sliders.release();
    this.#tell(DATA); // another set is the nearest one of every point
    this.#tell(SWITCHED);
  }

  /** The sliders are about this set from now on. @type {(name: string) => void} */
  giveSliders(name) {
    if (!this.#sliders.give(this.data, name)) return;
    this.link = null;
    this.#tell(CHANGED);
  }

  /** As `moveTo`, without a hand to take off. @type {(beta: number | null, gamma: number | null) => void} */
  jumpTo(beta, gamma) {
    this.#sliders.release();
    this.moveTo(beta, gamma);
  }

  /** Back to the settings of the training, of the set that the sliders are about; the next one brings its own again. */
  reset() {
    this.switchStatistics(true);
    this.link = null;
    this.#sliders.reset(this.data);
    this.#sliders.release();
    this.#tell(CHANGED);
  }

  /** What the server has not been told yet, or null; from now on it counts as told. @type {() => Settings | null} */
  takeUnsent() {
    return this.#sliders.takeUnsent(this.data);
  }

  /** @type {(i: number) => void} */
  select(i) {
    if (!this.data || !(i >= -1 && i < this.data.n)) return;
    this.link = null;
    this.selected = i;
    this.#tell(CHANGED);
  }

  /**
   * Make `indices` the chosen pictures; none, or null, chooses all again. `title` says where they come from.
   * @type {(indices: number[] | null, title?: string) => void}
   */
  choose(indices, title = "") {
    if (!this.data) return;
    const chosen = new Uint8Array(this.data.n);
    for (const i of indices ?? []) if (i >= 0 && i < chosen.length) chosen[i] = 1;
    const some = Boolean(indices?.length);
    this.chosen = some ? chosen : null;
    this.chosenTitle = some ? title : "";
    this.#tell(CHANGED);
  }

  /** Hide or show the points of a kind; `kind` is one of KINDS. @type {(kind: string) => void} */
  toggleKind(kind) {
    flip(this.filter.kinds, kind);
    this.#tell(CHANGED);
    if (kind !== "elsewhere" || !this.data) return;
    placeAnew(this.data, this.filter);
    this.#tell(PLACES);
  }

  /** Hide or show the points of a class or a change, by what the colouring goes by. @type {(value: number) => void} */
  toggleValue(value) {
    flip(this.filter.values, value);
    this.#tell(CHANGED);
  }

  /** What lies elsewhere stays as it is: on or off. */
  showEverything() {
    const apart = this.filter.kinds.has("elsewhere");
    this.filter = makeFilter();
    if (!apart) this.filter.kinds.clear();
    this.#tell(CHANGED);
  }

  /** @type {(name: Colouring) => void} */
  setColouring(name) {
    this.link = null;
    this.#colourBy(name);
    this.#tell(CHANGED);
  }

  /** Colour the map by the answers of a compared system. @type {(title: string, answers: Int32Array) => void} */
  colourBySystem(title, answers) {
    this.system = { title, answers };
    this.setColouring("method");
  }

  /** @type {(name: Colouring) => void} */
  #colourBy(name) {
    if (this.colouring !== name) this.filter.values.clear();
    this.colouring = name;
  }

  /** @type {(name: TabName) => void} */
  openTab(name) {
    if (!TAB_NAMES.includes(name)) return;
    this.tab = name;
    this.#tell(TURNED);
  }

  /** @type {(step: number) => void} */
  openStep(step) {
    this.step = Math.min(Math.max(step, 1), LESSON.length);
    this.inLesson = true;
    this.#tell(STEPPED);
  }

  /** The lesson is opened or closed by hand, at the step where it was. @type {(open: boolean) => void} */
  showLesson(open) {
    if (this.inLesson === open) return;
    this.inLesson = open;
    this.#tell(TURNED);
  }

  /** Keep a link until its example is there. @type {(link: Link | null) => void} */
  awaitLink(link) {
    this.link = link;
  }

  /** Do what a link asks for, as if by hand. @type {(link: Link) => void} */
  followLink(link) {
    this.link = null;
    if (link.colour) this.setColouring(link.colour);
    const picture = link.picture === null || !this.data ? -1 : this.data.images.names.indexOf(link.picture);
    if (picture >= 0) this.select(picture);
    if (link.lesson !== null) this.openStep(link.lesson);
    if (link.statistics !== null) this.switchStatistics(link.statistics);
    if (link.beta === null && link.gamma === null) return;
    this.giveSliders("");
    this.jumpTo(link.beta, link.gamma);
  }
}
