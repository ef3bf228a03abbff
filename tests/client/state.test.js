import assert from "node:assert/strict";
import test from "node:test";

import { LESSON } from "../../demo/client/explorer/model/lesson/steps.js";
import { State } from "../../demo/client/explorer/state.js";
import { TAB_NAMES } from "../../demo/client/explorer/tabs/names.js";
import { makeData } from "./problems.js";

const NO_LINK = { set: null, picture: null, beta: null, gamma: null, statistics: null, colour: null, lesson: null };
const NAMES = Array.from({ length: 20 }, (_, i) => `picture ${i}`);

/** A state that shows a set, and the kinds of change that it tells from then on. */
function watched(given) {
  const state = new State();
  state.showData(makeData(given));
  const told = [];
  state.subscribe((kind) => told.push(kind));
  return { state, told };
}

function chosenIn(state) {
  return state.chosen && Array.from(state.chosen.keys()).filter((i) => state.chosen[i]);
}

for (const [name, change, kinds] of [
  ["another data set", (state) => state.showData(makeData()), ["data"]],
  ["no data set any more", (state) => state.showMessage("Press Train."), ["data"]],
  ["other places", (state) => state.showPlaces(state.data.places, "UMAP"), ["places"]],
  ["a slider under the hand", (state) => state.moveTo(0.1, null), ["moving"]],
  ["the hand let go", (state) => state.release(), ["released"]],
  ["a setting chosen otherwise", (state) => state.jumpTo(0.1, 3), ["moving"]],
  ["the switch of statistics that no adapter has", (state) => state.switchStatistics(false), []],
  ["a reset", (state) => state.reset(), ["changed"]],
  ["a selection", (state) => state.select(2), ["changed"]],
  ["a choice", (state) => state.choose([1, 2]), ["changed"]],
  ["a kind hidden", (state) => state.toggleKind("train"), ["changed"]],
  ["a value hidden", (state) => state.toggleValue(1), ["changed"]],
  ["everything shown", (state) => state.showEverything(), ["changed"]],
  ["another colouring", (state) => state.setColouring("llu"), ["changed"]],
  ["colours of a system", (state) => state.colourBySystem("CoOp", new Int32Array(20)), ["changed"]],
  ["another tab", (state) => state.openTab("plane"), ["turned"]],
  ["a step of the lesson", (state) => state.openStep(2), ["stepped"]],
  ["a link to wait for", (state) => state.awaitLink(NO_LINK), []],
]) {
  test(`subscribers are told of ${name}`, () => {
    const { state, told } = watched();
    change(state);
    assert.deepEqual(told, kinds);
  });
}

test("subscribers are told in order, after the change", () => {
  const state = new State();
  const heard = [];
  state.subscribe((kind) => heard.push(["first", kind, state.beta]));
  state.subscribe((kind) => heard.push(["second", kind, state.beta]));
  state.moveTo(0.7, null);
  assert.deepEqual(heard, [["first", "moving", 0.7], ["second", "moving", 0.7]]);
});

test("settings stay within their bounds, and null leaves one as it is", () => {
  const { state } = watched();
  state.moveTo(2, -5);
  assert.deepEqual([state.beta, state.gamma], [1, 0]);
  state.moveTo(null, Infinity);
  assert.deepEqual([state.beta, state.gamma], [1, Infinity]);
});

test("a set brings its settings until the visitor has some, and again after a reset", () => {
  const { state } = watched({ beta: 0.3, gamma: 7 });
  assert.deepEqual([state.beta, state.gamma], [0.3, 7]);
  state.moveTo(0.9, null);
  state.showData(makeData({ id: "other", beta: 0.4, gamma: "inf" }));
  assert.deepEqual([state.beta, state.gamma], [0.9, 7]);
  state.reset();
  assert.deepEqual([state.beta, state.gamma], [0.4, Infinity]);
  state.showData(makeData({ id: "third", beta: 0.6, gamma: 1 }));
  assert.deepEqual([state.beta, state.gamma], [0.6, 1]);
});

test("the server is told of settings once, when the hand is off", () => {
  const { state } = watched();
  state.moveTo(0.7, Infinity);
  assert.equal(state.takeUnsent(), null);
  state.release();
  assert.deepEqual(state.takeUnsent(), { beta: 0.7, gamma: "inf", statistics: null, resting: null, masks: null });
  state.release();
  assert.equal(state.takeUnsent(), null);
  state.moveTo(0.8, null);
  assert.equal(state.takeUnsent(), null);
  state.jumpTo(0.2, 4);
  assert.deepEqual(state.takeUnsent(), { beta: 0.2, gamma: 4, statistics: null, resting: null, masks: null });
});

test("what is chosen and hidden stays with its model, by the pictures' names", () => {
  const { state } = watched();
  state.choose([4, 19], "lasso");
  state.toggleKind("train");
  state.showData(makeData({ images: { names: ["new", ...NAMES.slice(0, 19)] } }));
  assert.deepEqual([chosenIn(state), state.chosenTitle], [[5], "lasso"]);
  assert.ok(state.filter.kinds.has("train"));
});

test("what is chosen and hidden goes with another model", () => {
  const { state } = watched();
  state.choose([4], "lasso");
  state.toggleKind("train");
  state.showData(makeData({ id: "other" }));
  assert.deepEqual([state.chosen, state.chosenTitle, state.filter.kinds.size], [null, "", 1]);
});

test("the selected picture stays selected by its name, also in another model", () => {
  const { state } = watched();
  state.select(4);
  state.showData(makeData({ id: "other", images: { names: ["new", ...NAMES.slice(0, 19)] } }));
  assert.equal(state.selected, 5);
});

test("a set may say what is selected; without a word there is always something", () => {
  const { state } = watched();
  assert.ok(state.selected >= 0);
  state.showData(makeData({ select: 7 }));
  assert.equal(state.selected, 7);
  state.showData(makeData({ images: { names: NAMES.map((name) => `other ${name}`) } }));
  assert.ok(state.selected >= 0);
});

test("only pictures that are there can be selected", () => {
  const { state, told } = watched();
  state.select(3);
  for (const i of [20, -2, NaN]) state.select(i);
  assert.deepEqual([state.selected, told], [3, ["changed"]]);
  state.select(-1);
  assert.equal(state.selected, -1);
});

test("an empty choice is none, and rows that are not there are left out", () => {
  const { state } = watched();
  state.choose([2, 99, -1], "a list");
  assert.deepEqual([chosenIn(state), state.chosenTitle], [[2], "a list"]);
  for (const nothing of [[], null]) {
    state.choose(nothing, "a list");
    assert.deepEqual([state.chosen, state.chosenTitle], [null, ""]);
  }
});

test("the legend takes back what it hid", () => {
  const { state } = watched();
  for (const hidden of [true, false]) {
    state.toggleKind("query");
    state.toggleValue(2);
    assert.deepEqual([state.filter.kinds.has("query"), state.filter.values.has(2)], [hidden, hidden]);
  }
  state.toggleKind("query");
  state.showEverything();
  assert.deepEqual([...state.filter.kinds], ["elsewhere"]);
  state.toggleKind("elsewhere");
  state.showEverything();
  assert.equal(state.filter.kinds.size, 0);
});

test("values are hidden in one colouring only, kinds in all", () => {
  const { state } = watched();
  state.setColouring("truth");
  state.toggleValue(2);
  state.toggleKind("train");
  state.setColouring("truth");
  assert.equal(state.filter.values.size, 1);
  state.setColouring("clip");
  assert.deepEqual([state.filter.values.size, [...state.filter.kinds]], [0, ["elsewhere", "train"]]);
});

test("a system colours the map of its own set only", () => {
  const { state } = watched();
  state.colourBySystem("CoOp", new Int32Array(20));
  assert.deepEqual([state.colouring, state.system.title], ["method", "CoOp"]);
  state.showData(makeData());
  assert.deepEqual([state.colouring, state.system], ["alpha", null]);
});

test("there are the tabs there are", () => {
  const { state, told } = watched();
  state.openTab("nowhere");
  assert.deepEqual([state.tab, told], [TAB_NAMES[0], []]);
  for (const name of TAB_NAMES) {
    state.openTab(name);
    assert.equal(state.tab, name);
  }
});

test("the lesson has a first and a last step", () => {
  const { state } = watched();
  state.openStep(-3);
  assert.deepEqual([state.inLesson, state.step], [true, 1]);
  state.openStep(99);
  assert.equal(state.step, LESSON.length);
});

test("a link that waits stays when its set comes, and goes when the hand moves on", () => {
  for (const [name, act] of Object.entries({
    moves: (state) => state.moveTo(0.2, null), resets: (state) => state.reset(), selects: (state) => state.select(1),
    colours: (state) => state.setColouring("llu"),
  })) {
    const { state } = watched();
    state.awaitLink({ ...NO_LINK, set: "Pets" });
    state.showData(makeData({ id: "pets", preset: "Pets" }));
    assert.equal(state.link.set, "Pets");
    act(state);
    assert.equal(state.link, null, name);
  }
});

test("a link is followed as if by hand", () => {
  const { state } = watched();
  const link = { ...NO_LINK, picture: "picture 6", beta: 0.25, gamma: Infinity, colour: "llu", lesson: 3 };
  state.awaitLink(link);
  state.followLink(link);
  assert.deepEqual([state.selected, state.beta, state.gamma, state.colouring], [6, 0.25, Infinity, "llu"]);
  assert.deepEqual([state.inLesson, state.step, state.link], [true, 3, null]);
  assert.deepEqual(state.takeUnsent(), { beta: 0.25, gamma: "inf", statistics: null, resting: null, masks: null });
});

test("what a link does not name stays", () => {
  const { state, told } = watched();
  state.select(6);
  told.length = 0;
  state.followLink({ ...NO_LINK, picture: "gone.png" });
  assert.deepEqual([state.selected, state.colouring, state.tab, told], [6, "alpha", "changed", []]);
});

test("without a set there is a message and nothing to select or choose", () => {
  const { state, told } = watched();
  state.showMessage("Press Train.");
  told.length = 0;
  state.select(1);
  state.choose([1]);
  state.showPlaces({}, "UMAP");
  assert.deepEqual([state.data, state.message, told], [null, "Press Train.", []]);
});
