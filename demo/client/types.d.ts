// What the modules of the page's script hand to each other, and what the server hands to them. Only the type checker
// reads this file; what a module keeps to itself it declares itself.

import type { Facts, Puzzle } from "./explorer/model/lesson/facts.js";
import type { State } from "./explorer/state.js";
import type { Mode } from "./modes/mode.js";

declare global {
  interface Window { Plotly?: Plotly; lluExplorer?: Face }
}

/** As much of plotly.js as the map uses; see map/plotly.js for its private fields. */
export interface Plotly {
  react(host: HTMLElement, traces: object[], layout: object, config: object): Promise<unknown>;
  restyle(host: HTMLElement, values: object): Promise<unknown>;
  relayout(host: HTMLElement, values: object): Promise<unknown>;
  update(host: HTMLElement, traceValues: object, layoutValues: object): Promise<unknown>;
  Plots: { resize(host: HTMLElement): void };
}

// Gradio's HTML component.
export interface Props { value: string }
export interface Photograph { name: string; thumb: string }
export interface Offer { name: string; words: string }
export type Trigger = (name: string, data: object) => void;
export type Watch = (name: "value", listener: () => void) => void;

// A data set, from the server's JSON text (little-endian float32 numbers in base64) to typed arrays.
export type Floats = string;
export type Side = "images" | "classes";
export type Kind = "train" | "seen" | "unseen" | "elsewhere" | "query";
export interface Near<F = Float32Array> { nearest: F; uv: F }
/** statistics: what class statistics add at their full share, divided by the logit scale; null where none count. */
export interface Scores<F = Float32Array> { uu: F; vu: F; uv: F; vv: F; statistics?: F | null }
/** What the formula works on; the core's class of this name has the same fields. */
export interface Sweep<F = Float32Array> { images: Near<F>; classes: Near<F>; scores: Scores<F> }
/** Of one set after the other: the cosine to its nearest anchor and which that is; of pictures, how close the set is, by
 * which they are shared; then the products of every two places of a point, itself and g of it for every set. */
export interface Part<F = Float32Array> { nearest: F[]; closeness?: F[]; pairs: F[]; anchor?: number[][] }
/** What a problem has of several sets: the products of the places of pictures and names; whether statistics count. */
export interface Parts<F = Float32Array> {
  images: Part<F>; classes: Part<F>; products: F[]; statistics: (F | null)[]; counted?: boolean;
}
/** A set on the shelf, the one on the page first; why: what keeps it from acting, ""; kept: whether it can be taken off. */
export interface SentSet {
  id: string; name: string; title: string; beta: number; gamma: number | string; on: boolean; why: string; kept: boolean;
}
/** given: its setting when it came. */
export interface ShelfSet extends Omit<SentSet, "gamma"> { gamma: number; given: Setting }
/**
 * able: the sets that can act, in the order of all parts; moved: the one that the sliders are about, as its index; acting:
 * those that do, as theirs; owners: whose each row of the set is; taught: the classes of each; nearest: to whose anchor
 * each point is nearest, of those that act; together: whether there are parts.
 */
export interface Shelf {
  sets: ShelfSet[]; able: ShelfSet[]; moved: number; acting: number[]; owners: Int8Array; taught: Set<number>[];
  familiarities: (number | null)[]; nearest: Record<Side | "everyday", Int8Array>; together: boolean;
}
export interface SetSummary { seen: number | null; unseen: number | null }
export interface Layer<F = Float32Array> { x: F; y: F }
export interface Places<F = Float32Array> { images: Layer<F>; classes: Layer<F> | null }
export interface Thumbnails { sheet: string; tile: number; columns: number; count?: number }

interface ImageValues { names: string[]; nearestAnchor: number[] }
interface ImageTexts { names: string[]; nearestAnchor?: number[] }
interface ClassValues { names: string[]; seen: boolean[] }
/** A control: `n` pictures and the classes that they were asked about. */
export interface ControlValues<F = Float32Array> extends Partial<Near<F>> {
  name: string; n: number; classNames: string[]; scores?: Scores<F>; parts?: Parts<F>;
}
/** Names of other things; one has moved where the cosine to where it was is below its threshold. */
export interface EverydayValues<F = Float32Array> extends Partial<Near<F>> { names: string[]; thresholds: F; parts?: Part<F> }
export interface Everyday extends Near {
  names: string[]; thresholds: Float32Array; moved: Uint8Array; parts: Part | null; several: SeveralSide | null;
}
interface AnchorValues { label: number[]; image: number[] }
interface Heading { id: string; title?: string; preset?: string | null; projection?: string; message?: string }

export interface Payload extends Heading {
  update?: undefined; logitScale: number; beta?: number; gamma?: number | string; select?: number;
  images: ImageTexts & Partial<Near<Floats>> & Layer<Floats> & { n: number; truth: number[]; group: number[] };
  classes: ClassValues & Partial<Near<Floats>> & Layer<Floats>; anchors: AnchorValues;
  shelf?: SentSet[] | null; parts?: Parts<Floats>; owners?: number[]; familiarities?: (number | null)[];
  statistics?: boolean | null; scores?: Scores<Floats>; thumbnails?: Thumbnails | null; caption?: Caption<number | string> | null;
  elsewhere?: { problems: ControlValues<Floats>[]; everyday: EverydayValues<Floats> | null };
  familiarFrom?: number | null; auroc?: number | null;
}
/** A line with numbers to be filled in: at its setting, and at the one it leads to. */
export interface Caption<G = number> { text: string; beta: number; gamma: G; beyond: { beta: number; gamma: G } }
/** What comes while there is no data set; its message says why. */
export interface EmptyPayload extends Heading { update?: undefined; images?: undefined }
export interface PositionsUpdate extends Places<Floats> { update: "positions"; id: string; projection: string }
export interface WalkUpdate extends Sweep<Floats> {
  update: "walk"; id: string; anchor: number; target: ArcTarget; t: number[];
}
export interface MethodsUpdate {
  update: "methods"; id: string; run: number; total: number; rows: MethodRow[]; waiting: string; message: string;
}
export interface MethodRow {
  method: string; title: string; note: string; seconds: number; answers: number[];
  seen: number | null; unseen: number | null; h: number | null; elsewhere: number | null;
}

/** In place of a data set while there is none: why. */
export interface Missing { message: string }
/** Pictures with the classes that they are asked about: rows from `start` on, `n` of them. */
export interface Problem extends Sweep {
  name: string; start: number; n: number; classes: ClassValues & Near; logitScale: number; live?: boolean;
  /** Those that the adapter has, counted or not. */
  statistics?: Float32Array | null;
  /** Of several sets that can act together, null where there is one. */
  parts?: Parts | null;
}
/** `images` are the rows of all problems; `classes` and `scores` those of the first, which is the set's own. */
export interface Data extends Sweep {
  id: string; title: string; preset: string | null; projection: string; n: number;
  logitScale: number; beta: number; gamma: number; thumbnails: Thumbnails | "taken" | null; select: number;
  images: ImageValues & Near & { truth: Int32Array; group: Uint8Array };
  classes: ClassValues & Near; anchors: AnchorValues;
  /** Whether class statistics count, null where the adapter has none. */
  statistics: boolean | null;
  laid: Places; places: Places; counted: Uint8Array; kinds: Kind[]; live: LivePlace | null;
  problems: Problem[]; everyday: Everyday | null; familiarFrom: number | null; auroc: number | null; caption: Caption | null;
  shelf: Shelf | null;
}
/** The row of the live picture, the data set without it, and the picture that was selected then. */
export interface LivePlace { row: number; before: Data; selected: number; picture: string }
export interface LiveRow { near: Near; anchor: number; scores: Scores; place: number[]; picture: string }
export interface LiveSaid { clip: Said; llu: Said; alpha: string }
interface Said { name: string; percent: string }

// What is computed from a data set.
export type Belongs = (i: number) => boolean;
export interface Weights { alpha: Float64Array; keep: Float64Array; take: Float64Array }
/** acting: the sets whose shares, and `near` by which their names are theirs, stand here; masks: each set's mask of every
 * point, and settings: at which it was computed. */
export interface SeveralSide {
  acting: number[] | null; shares: Float64Array; near: Float64Array; masks: Float64Array; settings: Setting[];
  weights: Float64Array;
}
/** row, room: of a picture's names; named: how near each name is to all sets; of the sets, most: how near their nearest
 * name is; said, due: what their names have of a picture, and should have. */
export interface Several {
  images: SeveralSide; classes: SeveralSide; row: Float64Array; room: Float64Array; named: Float64Array;
  most: Float64Array; said: Float64Array; due: Float64Array;
}
/** several: room for sets that act together, where a problem has parts. */
export interface Workspace {
  images: Weights; classes: Weights; scores: Float32Array; best: Int32Array; several?: Several | null;
}
/** The answers and alphas of all pictures, and a workspace per problem. */
export interface Sweeps { alpha: Float64Array; best: Int32Array; workspaces: Workspace[] }
export type Accuracy = "seen" | "unseen" | "harmonic" | "elsewhere";
/** Accuracies in percent, null where there are no such pictures; numbers of predictions that changed, names that moved. */
export interface Summary extends Record<Accuracy, number | null> {
  fixed: number; broken: number; moved: number; changed: number; names: number | null;
}
/** The lead of one class over another without and with the update, and each part's share in the difference. */
export interface Why { image: number; text: number; statistics: number; total: number; from: number; to: number }
export interface ArcTarget { kind: "image" | "class"; index: number }
export interface Arc extends Sweep { t: number[] }
/** The model in one dimension: a shot, and the mean errors that the tab tells. */
export interface Point { x: number; y: number }
export interface Errors { shots: number; beside: number; far: number }

// The lesson.
/** What a step knows beside the set: the picture to guess about, and where the sliders stand. */
export interface Scene { puzzle: Puzzle | null; setting: Setting }
/**
 * A step: "choice" asks for one of `choices`, "number" for a marker from 0 to 100, "drag" has the learner move the page's
 * sliders. `leads`: modes that it sends to. `opens` and `shows`: where the sliders go when it begins and when it is told. `truth`: the choice or number that
 * holds, null where the set cannot say. `mark`: what is known beforehand, on the scale of the answer. `live` follows the
 * sliders until `reached` or until the learner says so.
 */
export interface LessonStep {
  title: string; kind: "choice" | "number" | "drag"; example: string | null; confirm?: string; leads?: Mode[];
  opens(facts: Facts): Setting | null; shows(facts: Facts): Setting | null;
  question(facts: Facts, scene: Scene): string; told(facts: Facts, scene: Scene): string;
  truth(facts: Facts, scene: Scene): number | null; choices?(facts: Facts, scene: Scene): string[];
  mark?(facts: Facts): number | null; picture?(facts: Facts, scene: Scene): number;
  live?(facts: Facts, setting: Setting): string; reached?(facts: Facts, setting: Setting): boolean;
}

// The state.
export type Change = "data" | "places" | "moving" | "live" | "switched" | "changed" | "released" | "turned" | "stepped";
export type TabName = "changed" | "confusion" | "plane" | "walk" | "methods" | "table" | "how";
export type Colouring = "alpha" | "truth" | "clip" | "llu" | "changed" | "set" | "method";
export interface System { title: string; answers: Int32Array }
export interface Filter { kinds: Set<string>; values: Set<number> }
export interface Setting { beta: number; gamma: number }
/** Of the set on the page; resting: the sets that are switched off, and masks: beta and gamma of the others, by name; null
 * without others on the shelf. */
export interface Settings {
  beta: number; gamma: number | "inf"; statistics: boolean | null; resting: string[] | null;
  masks: Record<string, (number | "inf")[]> | null;
}
export interface Link {
  set: string | null; picture: string | null; beta: number | null; gamma: number | null;
  statistics: boolean | null; colour: Colouring | null; lesson: number | null;
}

// One frame: what it computes, how it looks on the map, what the open tab is shown of it.
export interface Numbers {
  data: Data; sweeps: Sweeps; clip: Int32Array; changes: Uint8Array; clipSummary: Summary; summary: Summary;
  why: Why | null; shade: Uint8Array; shares: Uint8Array; colours: string[];
  /** alpha / beta of every picture and class text, of the set that has most of it. */
  received: Record<Side, Float64Array>;
  /** The set that has most of each picture, and what each set has right; empty without others on the shelf. */
  acting: Int32Array; clipSets: SetSummary[]; sets: SetSummary[];
}
export interface FrameValues {
  data: Data; beta: number; gamma: number; changes: Uint8Array; clip: Int32Array; llu: Int32Array;
  alpha: Float64Array; chosen: Uint8Array | null; selected: number; summary: Summary; colouring: Colouring;
}
export type Theme = "light" | "dark";
export type Ink = "ink" | "soft" | "strong" | "anchor" | "good" | "bad" | "card" | "mask";
/** The colours of the theme, and the font and size in pixels of names on the map. */
export type Inks = Record<Ink | "font", string> & { label: number };
export interface Palettes { inks: Inks; mask: number[]; ramp: string[]; changes: string[]; classes: string[]; sets: string[] }
/** `received`: alpha / beta of every picture; `shares`: its square root, of 255; `setInks`: the set that has most of each, and
 * the colours of the sets, null without others on the shelf; `maskInk`: red, green, blue. */
export interface Look {
  received: Float64Array; shares: Uint8Array; colours: string[]; shade: Uint8Array; changes: Uint8Array;
  inks: Inks; maskInk: number[]; setInks: { of: Int32Array; inks: number[][] } | null; labels(): Label[]; tile(i: number): Tile | null;
}
/** A thumbnail within the sheet of all: its upper left corner and its side, in pixels. */
export interface Tile { picture: HTMLImageElement; x: number; y: number; side: number }
export interface Label {
  name: string; seen: boolean; weight: string; faint: boolean; shown: boolean; slot: number; x: number; y: number;
}

// The map, the panels beside it and the tabs under it.
export type Pixel = [x: number, y: number];
export interface Size { width: number; height: number }
export interface View { x: number[]; y: number[] }
/** Where points are, in pixels of the map card; null where the projection has no such layer. */
export interface Pixels { images(i: number): Pixel; classes(k: number): Pixel | null }
export type Paint = (node: HTMLElement, i: number) => void;

export interface MapPanel {
  show(data: Data, look: Look, manner: { keepsView: boolean; samePoints: boolean }): void;
  recolour(look: Look): void; moveTo(places: Places): void; zoom(factor: number, about?: number): void; setLasso(active: boolean): void;
  isReady(): boolean; isResting(): boolean; place: Pixels; pixel(x: number, y: number): Pixel;
  scale(): number; zoomed(): number; size(): Size; shadePicture(): string;
}
/** The strip: where pictures, or class texts, lie by their similarity to what was taught, and how far the update reaches. */
export interface ReachPanel {
  show(data: Data): void;
  move(setting: {
    beta: number; gamma: number; title: string; set: number; changes: Uint8Array; shade: Uint8Array; selected: number;
    received: Record<Side, Float64Array>;
  }): void;
  retint(inks: Inks, sets: string[]): void; summary(): object;
}
export interface OverlayPanel {
  show(data: Data): void; mark(shade: Uint8Array, selected: number): void; follow(): void;
  weigh(alpha: Float64Array, received: Float64Array): void; hint(k: number): boolean; labels(): Label[];
}
export interface Answers {
  clip: number; llu: number; clipProbability: number; lluProbability: number;
  alpha: number; textAlpha: Float64Array; beta: number; set: ShelfSet | null;
}
export interface TabPanel {
  showData?(data: Data, clip: Int32Array): void; show?(frame: FrameValues): void; settle?(frame: FrameValues): void;
  turn?(): void; forget?(): void; state?(): object;
}
export interface TabContext { state: State; paint: Paint; ask: Trigger }
export interface Panels {
  controls: { show(beta: number, gamma: number, statistics: boolean | null, title: string): void };
  tiles: { show(now: Summary, clip: Summary, names: { ofTraining: boolean; everyday: number }): void; busy(value: boolean): void };
  caption: { show(text: string): void };
  card: { show(data: Data, i: number, answers: Answers): void; clear(): void };
  reasons: { show(why: Why | null, names: { lead: string; rival: string }, changed: boolean, third: string): void };
  bars: { show(problem: Problem, clip: Float64Array, llu: Float64Array, truth: number): void };
  reach: ReachPanel;
  map: MapPanel;
  overlay: OverlayPanel;
  shelf: { show(data: Data, now: SetSummary[], clip: SetSummary[], inks: string[]): void };
  colourChoice: { show(colouring: Colouring, system: System | null, sets: boolean): void };
  legend: { build(colouring: Colouring, data: Data, palettes: Palettes): void; mark(filter: Filter): void };
  lesson: { showData(data: Data, clip: Int32Array): void; begin(): void; summary(): object };
  chips: { show(counts: { chosen: number; title: string; filtered: boolean; hidden: number }): void };
  tabs: {
    showData(data: Data, clip: Int32Array): void; show(frame: FrameValues): void; settle(): void; turn(): void;
    receive(update: WalkUpdate | MethodsUpdate): void; forget(): void; summary(): object;
  };
}

/** What the page's one public name, lluExplorer, offers. */
export interface Face {
  state(): object; setBeta(beta: number): void; setGamma(gamma: number | string): void;
  setStatistics(on: boolean): void; switchSet(name: string, on: boolean): void; giveSliders(name: string): void;
  select(i: number): void; choose(indices: number[] | null): void; where(i: number): number[];
  live(answer: CameraAnswer | null): LiveSaid | null; predict(beta: number, gamma: number | string): Float32Array | null;
  exportSvg(): Promise<string>; saveMap(kind: "png" | "svg"): Promise<void>; copyLink(): Promise<string>;
  takeUnsent(): Settings | null;
  openMode(mode: "explore" | "teach" | "ask" | "lesson"): void;
}

// The class cards.
export interface Limits {
  bytes: number; files: number; pictures: number; classes: number; shots: number; name: number; suffixes: string[];
  leftovers: string[];
}
export interface CardPicture { key: string; name: string; part: "train" | "test"; src: string | null }
export interface Card {
  name: string; train: number; test: number; count: string; pictures: CardPicture[]; more: number;
}
export interface CardsPayload {
  classes: Card[]; notes: string[]; undo: string | null; changed: boolean; fixed: boolean; limits: Limits;
  choices: Choice[];
}
/** A file by its path in a folder, or an empty folder. */
export interface Found { path: string; file: File | null }
export interface CardsState {
  element: HTMLElement; trigger: Trigger; data: CardsPayload; whole: Set<string>; next: string[];
  recording: Recording | null; manner: { name: string; manner: string } | null;
}

// The camera.
export interface Camera { stream: MediaStream; close(): void }
/** Calls in a minute (0: any number) and live frames in a second that the server answers. */
export interface CameraLimits { calls: number; frames: number }
/**
 * What the server says to the call `number`: how many shots it took; or that it was busy, or has kept a frame; or the
 * row of a live frame; or a message, which ends what was begun.
 */
export interface CameraAnswer {
  number?: number; message?: string; silent?: boolean; taken?: number; busy?: boolean; kept?: boolean;
  limits?: CameraLimits;
  id?: string; images?: Near<Floats>; anchor?: number; scores?: Scores<Floats>; place?: number[]; picture?: string;
}
/**
 * name: the class that the shots are of; manner: "join" or "replace" where it was asked, else ""; most: how many; host: where they are shown while they come. `count` hears
 * their number, `done` how many have joined and a sentence.
 */
export interface RecordingTask {
  name: string; manner: string; most: number; host: HTMLElement; count(shots: number): void; done(joined: number, news: string): void;
}
export interface Recording { stop(): void }

// What is asked about files that wait; "work" while they are read.
export interface Choice { manner: string; title: string; words: string }
export interface Question { kind: "name" | "manner" | "work"; text: string; choices: Choice[] }
