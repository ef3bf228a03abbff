// The explorer's one state and every way to change it. It tells its subscribers what kind of change it was and calls
// nobody else: what follows from a change (a frame, the address, a word to the server) is decided where it is heard.

import { LESSON } from "./model/lesson.js";
import { keptByName, keptChoice, makeFilter } from "./model/selection.js";
import { openingPicture } from "./model/summary.js";

/** Another data set is there, or none any more. */
export const DATA = "data";
/** The pictures have other places on the map. */
export const PLACES = "places";
/** A slider is under the hand; many more such changes may follow. */
export const MOVING = "moving";
/** Something else that is on show has changed. */
export const CHANGED = "changed";
/** The hand has let go; what is on show is as it was. */
export const RELEASED = "released";
/** Another tab, or another step of the lesson, is open. */
export const TURNED = "turned";

export const TAB_NAMES = ["changed", "confusion", "plane", "walk", "methods", "table", "lesson", "how"];

export class State {
  /** The data set on show, null while there is none; `message` then says why. */
  data = null;
  message = "";
  beta = 0.5;
  gamma = 20;
  /** Row of the selected picture, -1 for none. */
  selected = -1;
  /** What the map is coloured by: one of COLOURINGS, or "method" for the answers of `system`. */
  colouring = "alpha";
  /** A compared system whose answers can colour the map, {title, answers: one class per picture}. */
  system = null;
  /** 1 for each chosen picture, null while all are; `chosenTitle` says where the choice comes from. */
  chosen = null;
  chosenTitle = "";
  filter = makeFilter();
  tab = TAB_NAMES[0];
  /** The step of the lesson, counted from 1. */
  step = 1;
  /** A link that waits for its example, as `readLink` gives it. Once the hand moves on, it has no say any more. */
  link = null;

  /** Whether the settings are the visitor's own: they then outlive the next training. */
  #touched = false;
  #unsent = false;
  #sent = "";
  #listeners = [];

  /** `listener(kind)` is called after every change, in the order of subscription. */
  subscribe(listener) {
    this.#listeners.push(listener);
  }

  #tell(kind) {
    for (const listener of this.#listeners) listener(kind);
  }

  /** What is chosen and hidden stays with its model; another one starts with everything on show. */
  showData(data) {
    const before = this.data;
    const sameModel = before !== null && before.id === data.id;
    this.chosen = sameModel ? keptChoice(before, this.chosen, data) : null;
    if (!this.chosen) this.chosenTitle = "";
    if (!sameModel) this.filter = makeFilter();
    this.system = null; // its answers are those of one set
    if (this.colouring === "method") this.#colourBy("alpha");
    if (!this.#touched) Object.assign(this, { beta: data.beta, gamma: data.gamma });
    this.selected = this.#selectionIn(data, before);
    this.data = data;
    this.#tell(DATA);
  }

  /** The selected picture stays selected while it is there; a new set opens on a prediction that the update fixed. */
  #selectionIn(data, before) {
    if (data.select >= 0) return data.select;
    const kept = before && this.selected >= 0 ? keptByName(before, this.selected, data) : -1;
    return kept >= 0 ? kept : openingPicture(data, this.beta, this.gamma);
  }

  showMessage(message) {
    Object.assign(this, { data: null, message });
    this.#tell(DATA);
  }

  /** The same pictures in another projection; `places` as `normalisePlaces` gives them. */
  showPlaces(places, projection) {
    Object.assign(this.data, { projection, places: { ...this.data.places, ...places } });
    this.#tell(PLACES);
  }

  /** The sliders follow the hand; null for what stays as it is. */
  moveTo(beta, gamma) {
    this.#touched = true;
    this.#set(beta, gamma);
    this.#tell(MOVING);
  }

  /** The hand is off the sliders: the server may learn where they stand. */
  release() {
    this.#unsent = true;
    this.#tell(RELEASED);
  }

  /** As `moveTo`, by something that has no hand to take off. */
  jumpTo(beta, gamma) {
    this.#unsent = true;
    this.moveTo(beta, gamma);
  }

  /** Back to the settings of the training; the next training brings its own again. */
  reset() {
    this.#set(this.data ? this.data.beta : 0.5, this.data ? this.data.gamma : 20);
    this.#touched = false;
    this.#unsent = true;
    this.#tell(CHANGED);
  }

  #set(beta, gamma) {
    this.link = null;
    this.beta = Math.min(Math.max(beta ?? this.beta, 0), 1);
    this.gamma = Math.max(gamma ?? this.gamma, 0);
  }

  /** What the server has not been told yet, {beta, gamma}, or null; from now on it counts as told. */
  takeUnsent() {
    if (!this.#unsent) return null;
    this.#unsent = false;
    const settings = { beta: this.beta, gamma: this.gamma === Infinity ? "inf" : this.gamma };
    const text = JSON.stringify(settings);
    if (text === this.#sent) return null;
    this.#sent = text;
    return settings;
  }

  select(i) {
    if (!this.data || !(i >= -1 && i < this.data.n)) return;
    this.link = null;
    this.selected = i;
    this.#tell(CHANGED);
  }

  /** Make `indices` the chosen pictures; none, or null, chooses all again. `title` says where they come from. */
  choose(indices, title = "") {
    if (!this.data) return;
    const some = Boolean(indices && indices.length);
    this.chosen = some ? new Uint8Array(this.data.n) : null;
    this.chosenTitle = some ? title : "";
    for (const i of some ? indices : []) if (i >= 0 && i < this.data.n) this.chosen[i] = 1;
    this.#tell(CHANGED);
  }

  /** Hide or show what one entry of the legend stands for; `part` is "kinds" or "values". */
  toggle(part, key) {
    const keys = this.filter[part];
    if (!keys.delete(key)) keys.add(key);
    this.#tell(CHANGED);
  }

  showEverything() {
    this.filter = makeFilter();
    this.#tell(CHANGED);
  }

  setColouring(name) {
    this.link = null;
    this.#colourBy(name);
    this.#tell(CHANGED);
  }

  /** Colour the map by the answers of a compared system. */
  colourBySystem(title, answers) {
    this.system = { title, answers };
    this.setColouring("method");
  }

  #colourBy(name) {
    if (this.colouring !== name) this.filter.values.clear();
    this.colouring = name;
  }

  openTab(name) {
    if (!TAB_NAMES.includes(name)) return;
    this.tab = name;
    this.#tell(TURNED);
  }

  openStep(step) {
    this.step = Math.min(Math.max(step, 1), LESSON.length);
    this.openTab("lesson");
  }

  /** Keep a link until its example is there. */
  awaitLink(link) {
    this.link = link;
  }

  /** Do what a link asks for, as if by hand. */
  followLink(link) {
    this.link = null;
    if (link.colour) this.setColouring(link.colour);
    const picture = link.picture === null ? -1 : this.data.images.names.indexOf(link.picture);
    if (picture >= 0) this.select(picture);
    if (link.lesson !== null) this.openStep(link.lesson);
    if (link.beta !== null || link.gamma !== null) this.jumpTo(link.beta, link.gamma);
  }
}
