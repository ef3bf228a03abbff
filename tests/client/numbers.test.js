import assert from "node:assert/strict";
import test from "node:test";

import {
  formatGamma, formatPercent, formatWeight, readBeta, readGamma, signed,
} from "../../demo/client/explorer/model/numbers.js";

test("beta is read with a point or a comma", () => {
  assert.equal(readBeta("0.25"), 0.25);
  assert.equal(readBeta(",25"), 0.25);
  assert.equal(readBeta(" 1 "), 1);
});

test("what is no beta is no number", () => {
  for (const text of ["", " ", "x", "-0.1", "1.1", "1,2,3"]) assert.ok(Number.isNaN(readBeta(text)), text);
});

test("gamma is read as a number or as infinity in its spellings", () => {
  for (const text of ["inf", "Inf", " infinity ", "\u221e"]) assert.equal(readGamma(text), Infinity);
  assert.equal(readGamma("2,5"), 2.5);
  assert.equal(readGamma(20), 20);
  assert.equal(readGamma(0), 0);
});

test("what is no gamma is no number", () => {
  for (const text of ["", "x", "-1", "1e"]) assert.ok(Number.isNaN(readGamma(text)), text);
});

test("what is written for gamma is read back", () => {
  for (const gamma of [0, 0.5, 3.7, 20, 499.5, Infinity]) assert.equal(readGamma(formatGamma(gamma)), gamma);
});

test("weights have three digits and no zero in front", () => {
  assert.deepEqual([0, 0.0001, 0.0426, 0.5, 0.9996, 1].map(formatWeight), ["0", "<.001", ".043", ".500", "1", "1"]);
});

test("percents are whole, but never 0 or 100 unless it is true", () => {
  const percents = [0, 0.001, 0.25, 0.999, 1].map(formatPercent);
  assert.deepEqual(percents, ["0", "<1", "25", ">99", "100"]);
});

test("a sign stands before every number but the one that rounds to zero", () => {
  assert.equal(signed(1.5), "+1.5");
  assert.equal(signed(-3), "\u22123.0");
  assert.equal(signed(-2, 0), "\u22122");
  for (const value of [0, 0.04, -0.04]) assert.equal(signed(value), "\u00b10.0");
});
