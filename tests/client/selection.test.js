import assert from "node:assert/strict";
import test from "node:test";

import {
  countOf, DIMMED, fillShade, HIDDEN, keptByName, keptChoice, kindOf, makeFilter, nextShown, SHOWN,
} from "../../demo/client/explorer/model/selection.js";
import { makeData } from "./problems.js";

const NAMES = Array.from({ length: 20 }, (_, i) => `picture ${i}`);

function shadeOf(filter, chosen, values) {
  const shade = new Uint8Array(4);
  fillShade(shade, ["train", "seen", "unseen", "query"], filter, chosen, values);
  return Array.from(shade);
}

test("a picture's kind is its part, and for test pictures whether its class was trained", () => {
  const images = { group: [0, 1, 1, 1, 2, 3], truth: [3, 0, 3, -1, 3, 0] };
  const kinds = [0, 1, 2, 3, 4, 5].map((i) => kindOf(images, { seen: [true, true, true, false] }, i));
  assert.deepEqual(kinds, ["train", "seen", "unseen", "seen", "query", "elsewhere"]);
});

test("a new filter hides nothing", () => {
  assert.deepEqual(shadeOf(makeFilter(), null, Int32Array.of(0, 1, 2, 3)), [SHOWN, SHOWN, SHOWN, SHOWN]);
});

test("the legend hides kinds and values", () => {
  const filter = { kinds: new Set(["train", "seen"]), values: new Set([3]) };
  assert.deepEqual(shadeOf(filter, null, Int32Array.of(3, 0, 0, 0)), [HIDDEN, HIDDEN, SHOWN, SHOWN]);
});

test("values hide nothing while the colouring goes by none", () => {
  assert.deepEqual(shadeOf({ kinds: new Set(), values: new Set([0]) }, null, null), [SHOWN, SHOWN, SHOWN, SHOWN]);
});

test("what is not chosen is dimmed, what is hidden stays hidden", () => {
  const filter = { kinds: new Set(["train"]), values: new Set() };
  assert.deepEqual(shadeOf(filter, Uint8Array.of(1, 1, 0, 0), null), [HIDDEN, SHOWN, DIMMED, DIMMED]);
});

test("a picture is found again by its name", () => {
  const before = makeData();
  const moved = makeData({ images: { names: ["new", ...NAMES.slice(0, 19)] } });
  assert.equal(keptByName(before, 4, before), 4);
  assert.equal(keptByName(before, 4, moved), 5);
  assert.equal(keptByName(before, 19, moved), -1);
});

test("a choice is kept by name; one that is gone as a whole is none", () => {
  const before = makeData();
  const moved = makeData({ images: { names: ["new", ...NAMES.slice(0, 19)] } });
  const chosen = Uint8Array.from(NAMES, (_, i) => Number(i === 4 || i === 19));
  assert.deepEqual(keptChoice(before, chosen, moved), Uint8Array.from(NAMES, (_, i) => Number(i === 5)));
  assert.equal(keptChoice(before, Uint8Array.from(NAMES, (_, i) => Number(i === 19)), moved), null);
  assert.equal(keptChoice(before, null, moved), null);
});

test("a step passes over pictures that are hidden or dimmed, around the end", () => {
  const shade = Uint8Array.of(SHOWN, HIDDEN, DIMMED, SHOWN, HIDDEN);
  assert.equal(nextShown(shade, 0, 1), 3);
  assert.equal(nextShown(shade, 3, 1), 0);
  assert.equal(nextShown(shade, 0, -1), 3);
});

test("the first and the last picture are shown ones, from wherever", () => {
  const shade = Uint8Array.of(HIDDEN, SHOWN, SHOWN, HIDDEN);
  for (const from of [-1, 0, 2]) {
    assert.equal(nextShown(shade, from, "first"), 1);
    assert.equal(nextShown(shade, from, "last"), 2);
  }
});

test("as many steps as pictures are shown lead to all of them and back", () => {
  const shade = Uint8Array.of(SHOWN, HIDDEN, SHOWN, SHOWN);
  const visited = [2];
  for (let step = 0; step < 3; step++) visited.push(nextShown(shade, visited.at(-1), 1));
  assert.deepEqual(visited, [2, 3, 0, 2]);
});

test("where nothing is shown no step leads anywhere", () => {
  assert.equal(nextShown(Uint8Array.of(HIDDEN, DIMMED), 0, 1), -1);
  assert.equal(nextShown(new Uint8Array(0), -1, "first"), -1);
});

test("entries are counted", () => {
  assert.equal(countOf(Uint8Array.of(2, 0, 2, 1), 2), 2);
});
