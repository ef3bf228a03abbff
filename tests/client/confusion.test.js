import assert from "node:assert/strict";
import test from "node:test";

import { confusionCounts, confusionMembers, mostConfused } from "../../demo/client/explorer/model/confusion.js";
import { chance, makeData } from "./problems.js";

const everyone = () => true;
const some = (i) => i % 3 > 0;

function randomAnswers(seed, n, classes) {
  const random = chance(seed);
  return Int32Array.from({ length: n }, () => Math.floor(classes * random()));
}

test("counts stand at truth and answer, without the pictures of unknown class", () => {
  const counts = confusionCounts(Int32Array.of(0, 0, 1, -1), Int32Array.of(0, 1, 1, 0), 2, everyone);
  assert.deepEqual(counts, Int32Array.of(1, 1, 0, 1));
});

test("only pictures that belong are counted", () => {
  const counts = confusionCounts(Int32Array.of(0, 0, 1), Int32Array.of(0, 1, 1), 2, (i) => i > 0);
  assert.deepEqual(counts, Int32Array.of(0, 1, 0, 1));
});

test("a cell opens as many pictures as it counts", () => {
  const data = makeData({ seed: 31 });
  const [clip, llu] = [randomAnswers(32, data.n, 5), randomAnswers(33, data.n, 5)];
  const [ofClip, ofLlu] = [clip, llu].map((answers) => confusionCounts(data.images.truth, answers, 5, some));
  for (let cell = 0; cell < 25; cell++) {
    const open = (mode) => confusionMembers({ data, clip, llu }, Math.floor(cell / 5), cell % 5, mode, some);
    assert.equal(open("clip").length, ofClip[cell]);
    assert.equal(open("llu").length, ofLlu[cell]);
  }
});

test("the difference opens the pictures that one of the two models alone puts there", () => {
  const data = makeData({ images: { truth: Array.from({ length: 20 }, () => 2) } });
  const [clip, llu] = [new Int32Array(20), new Int32Array(20)];
  [clip[4], clip[7], llu[7], llu[8]] = [1, 1, 1, 1];
  assert.deepEqual(confusionMembers({ data, clip, llu }, 2, 1, "difference", everyone), [4, 8]);
});

test("all classes have a row where there is room", () => {
  assert.deepEqual(mostConfused(new Int32Array(9), new Int32Array(9), 3, 3), [0, 1, 2]);
});

test("the most confused classes have a row, of either model, in their usual order", () => {
  const clip = new Int32Array(36);
  const llu = new Int32Array(36);
  clip[4 * 6 + 1] = 3;
  clip[2 * 6 + 2] = 50;
  llu[5 * 6 + 3] = 4;
  assert.deepEqual(mostConfused(clip, llu, 6, 2), [3, 5]);
  assert.deepEqual(mostConfused(clip, llu, 6, 4), [1, 3, 4, 5]);
});
