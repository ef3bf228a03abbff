import assert from "node:assert/strict";
import test from "node:test";

import { Burst, SHOT_MILLISECONDS } from "../../demo/client/camera/burst.js";
import { frameSize } from "../../demo/client/camera/frames.js";
import { spacing, waitOf } from "../../demo/client/camera/pace.js";
import { NO_ANSWER, sentence, whyNoCamera } from "../../demo/client/camera/reasons.js";
import { ask, connect, limits, receive } from "../../demo/client/camera/talk.js";

function shoot(burst, count, picture = "x") {
  for (let i = 0; i < count; i++) burst.take(picture, i * SHOT_MILLISECONDS);
}

function told(name) {
  return whyNoCamera(new DOMException("x", name), true);
}

test("a shot is due four times a second", () => {
  const burst = new Burst(100);
  let taken = 0;
  for (let now = 0; now <= 3000; now += 10) {
    if (!burst.isDue(now)) continue;
    burst.take("x", now);
    taken++;
  }
  assert.equal(taken, 13);
});

test("one batch is under way, and the next has all that came meanwhile", () => {
  const burst = new Burst(100);
  shoot(burst, 2);
  assert.equal(burst.nextBatch().length, 2);
  shoot(burst, 3);
  assert.deepEqual(burst.nextBatch(), []);
  assert.ok(!burst.isSent);
  burst.hear({ taken: 2 });
  assert.equal(burst.nextBatch().length, 3);
  burst.hear({ taken: 3 });
  assert.deepEqual([burst.joined, burst.shots, burst.isSent], [5, 5, true]);
});

test("a batch fits into a call", () => {
  const burst = new Burst(1000);
  shoot(burst, 100, "x".repeat(200_000));
  assert.equal(burst.nextBatch().length, 6);
  burst.hear({ taken: 6 });
  const many = new Burst(1000);
  shoot(many, 100);
  assert.equal(many.nextBatch().length, 16);
});

test("a picture that is larger than a batch goes alone", () => {
  const burst = new Burst(10);
  shoot(burst, 2, "x".repeat(2_000_000));
  assert.equal(burst.nextBatch().length, 1);
});

test("a limit ends the recording with one sentence, and what was taken is still sent", () => {
  const burst = new Burst(3);
  shoot(burst, 3);
  assert.ok(!burst.isDue(1e6));
  assert.match(burst.reason, /takes 3 pictures/);
  assert.equal(burst.nextBatch().length, 3);
});

test("a refusal ends the recording, and what waits is left", () => {
  const burst = new Burst(100);
  shoot(burst, 2);
  burst.nextBatch();
  shoot(burst, 3);
  burst.hear({ taken: 1, message: "The set is full." });
  assert.deepEqual([burst.joined, burst.isSent, burst.reason], [1, true, "The set is full."]);
  burst.end("Another reason.");
  assert.equal(burst.reason, "The set is full.");
});

test("the first batch that joins begins the recording", () => {
  const burst = new Burst(100);
  shoot(burst, 1);
  assert.ok(burst.begins);
  burst.nextBatch();
  burst.hear({ taken: 1 });
  assert.ok(!burst.begins);
});

test("frames are asked for as often as the server allows, and leave half of the calls to the page", () => {
  assert.equal(spacing({ calls: 0, frames: 4 }), 262.5);
  assert.equal(spacing({ calls: 120, frames: 4 }), 1000);
  assert.equal(spacing({ calls: 10_000, frames: 2 }), 525);
  assert.equal(waitOf({ calls: 0, frames: 4 }, 1000, 1200), 62.5);
  assert.equal(waitOf({ calls: 0, frames: 4 }, 1000, 9000), 0);
});

test("a frame has a shorter side of 256 at most", () => {
  assert.deepEqual(frameSize(640, 480), [341, 256]);
  assert.deepEqual(frameSize(480, 640), [256, 341]);
  assert.deepEqual(frameSize(120, 90), [120, 90]);
});

test("every way of having no camera is a sentence that says what to do", () => {
  assert.match(whyNoCamera(new TypeError("x"), false), /https/);
  assert.match(told("NotAllowedError"), /refused: allow it/);
  assert.match(told("NotFoundError"), /No camera was found/);
  assert.match(told("NotReadableError"), /in use by another program/);
  assert.match(told("WeirdError"), /WeirdError/);
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "OddError"]) assert.match(told(name), /\.$/);
});

test("a server's words become a sentence", () => {
  assert.equal(sentence("the set is full; delete some"), "The set is full; delete some.");
  assert.equal(sentence("Wait!"), "Wait!");
});

test("an answer goes to the call that it bears the number of", async () => {
  const sent = [];
  connect((name, data) => sent.push([name, data]));
  receive("");
  receive(JSON.stringify({ limits: { calls: 60, frames: 3 } }));
  assert.deepEqual(limits(), { calls: 60, frames: 3 });
  const [first, second] = [ask("shots", { name: "cup" }), ask("frame", { picture: "x" })];
  const [[, { number }], [, { number: other }]] = sent;
  assert.deepEqual(sent[0], ["shots", { number, name: "cup" }]);
  receive(JSON.stringify({ number: other, busy: true }));
  receive(JSON.stringify({ number, message: "it is full" }));
  receive(JSON.stringify({ number, message: "twice" }));
  assert.equal((await first).message, "It is full.");
  assert.equal((await second).busy, true);
});

test("where no answer comes, that is the message", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  connect(() => undefined);
  const answer = ask("frame", {});
  t.mock.timers.tick(20_000);
  assert.deepEqual(await answer, { silent: true, message: NO_ANSWER });
});
