import assert from "node:assert/strict";
import test from "node:test";

import { Facts, SLACK } from "../../demo/client/explorer/model/lesson/facts.js";
import { LESSON } from "../../demo/client/explorer/model/lesson/steps.js";
import { gapText, verdictText } from "../../demo/client/explorer/model/lesson/words.js";
import { makeWorkspace, sweepTo } from "../../demo/client/explorer/model/formula.js";
import { makeData } from "./problems.js";

const [KNOWS, EVERYWHERE, FADING, LOCAL, CHOOSING, YOURS] = LESSON;

function factsOf(data) {
  const workspace = makeWorkspace(data.n, data.classes.names.length);
  sweepTo(workspace, data, 0, 0);
  return new Facts(data, workspace.best);
}

const PLAIN = { seen: 40, unseen: 50, harmonic: 45, fixed: 0, broken: 0, moved: 0, changed: 0, elsewhere: 97, names: 0 };

/** The facts of a set on which `table(beta, gamma)` says what an update changes in CLIP's summary. */
function madeUp(table, { clip = {}, data = makeData({ seed: 60 }) } = {}) {
  const facts = factsOf(data);
  const before = { ...PLAIN, ...clip };
  facts.at = (beta, gamma) => ({ ...before, ...(beta === 0 ? {} : table(beta, gamma)) });
  Object.defineProperty(facts, "clip", { value: before });
  return facts;
}

/** The facts of a set without what is named. */
function lacking(...names) {
  return madeUp(() => ({}), { clip: Object.fromEntries(names.map((name) => [name, null])) });
}

function all(value) {
  return Array.from({ length: 20 }, () => value);
}

function sceneOf(facts, setting = { beta: 1, gamma: 5 }) {
  return { puzzle: facts.puzzle(-1), setting };
}

function told(step, facts, setting) {
  return step.told(facts, sceneOf(facts, setting));
}

/** Lost everywhere, back from gamma 4 on. */
function fades(beta, gamma) {
  return { elsewhere: gamma >= 4 ? 97 : 60, seen: 50 };
}

/** Best at beta .75 and gamma 6, and lost elsewhere below gamma 5. */
function peaks(beta, gamma) {
  return { harmonic: 80 - Math.abs(beta - 0.75) - Math.abs(gamma - 6), elsewhere: gamma >= 5 ? 97 : 60 };
}

test("every step asks, tells, and has an answer among its choices, on sets of any kind", () => {
  const sets = [51, 52, 53].map((seed) => makeData({ seed }));
  sets.push(makeData({ seed: 54, classes: { seen: [true, true, true, true, true] } }));
  sets.push(makeData({ seed: 55, images: { group: all(0) } }));
  for (const data of sets) {
    const facts = factsOf(data);
    for (const step of LESSON) {
      const scene = sceneOf(facts);
      assert.match(step.question(facts, scene), /[.?]$/, step.title);
      assert.ok(step.told(facts, scene).length > 20, step.title);
      const truth = step.truth(facts, scene);
      if (step.kind === "choice" && truth !== null) assert.ok(step.choices(facts, scene)[truth], step.title);
      assert.doesNotMatch(step.question(facts, scene) + step.told(facts, scene), /undefined|NaN|null/);
    }
  }
});

test("a guess is about a picture that CLIP is wrong about, and the choices hold its answer and the truth", () => {
  const facts = factsOf(makeData({ seed: 61 }));
  const puzzle = facts.puzzle(-1);
  assert.notEqual(puzzle.choices[puzzle.right], puzzle.truth);
  assert.ok(puzzle.choices.includes(puzzle.truth));
  assert.equal(new Set(puzzle.choices).size, puzzle.choices.length);
  assert.notEqual(facts.puzzle(puzzle.picture).picture, puzzle.picture, "what is on show is not asked");
  assert.doesNotMatch(told(KNOWS, facts), /little to teach/);
});

test("where CLIP is right about every picture, the first step says that there is little to teach", () => {
  const data = makeData({ seed: 62 });
  const facts = factsOf(data);
  const workspace = makeWorkspace(data.n, data.classes.names.length);
  sweepTo(workspace, data, 0, 0);
  data.images.truth.set(workspace.best.map((best) => Math.min(best, 2)));
  const knowing = new Facts(data, data.images.truth.slice());
  assert.match(told(KNOWS, knowing), /right about every such picture/);
  assert.notEqual(facts, knowing);
});

test("without pictures of taught classes nothing is asked first", () => {
  const data = makeData({ seed: 63, images: { truth: all(-1) } });
  const facts = factsOf(data);
  assert.equal(KNOWS.truth(facts, sceneOf(facts)), null);
  assert.match(KNOWS.question(facts, sceneOf(facts)), /no pictures of taught classes/);
});

test("what everywhere costs is told by what happens", () => {
  const cases = [
    [() => ({ elsewhere: 59.1, names: 7 }), /goes from 97\.0 to 59\.1, and 7 everyday names.*all others are moved/],
    [() => ({ elsewhere: 96.2 }), /does not occur on this set/],
    [() => ({ elsewhere: 97 }), /stays at 97\.0.*does not occur/],
    [() => ({ elsewhere: 99 }), /No loss on this set/],
  ];
  for (const [table, expected] of cases) {
    const facts = madeUp(table);
    assert.match(told(EVERYWHERE, facts), expected);
    assert.equal(EVERYWHERE.truth(facts), facts.at(1, 0).elsewhere);
  }
});

test("a set without controls is told so, and is asked about the classes not taught", () => {
  const facts = madeUp(() => ({ unseen: 30 }), { clip: { elsewhere: null, names: null } });
  assert.match(EVERYWHERE.question(facts), /On the classes not taught, CLIP is right on 50\.0 %/);
  assert.match(told(EVERYWHERE, facts), /no pictures from elsewhere/);
  assert.match(told(KNOWS, facts), /no pictures from elsewhere/);
  const bare = lacking("elsewhere", "unseen", "harmonic", "names");
  assert.equal(EVERYWHERE.truth(bare), null);
  assert.match(EVERYWHERE.question(bare), /nothing to predict/);
  assert.match(FADING.question(bare), /no pictures from elsewhere/);
  assert.match(told(FADING, bare), /no pictures from elsewhere/);
});

test("fading asks for what was lost, follows the sliders, and ends where it is back", () => {
  const facts = madeUp(fades);
  assert.match(FADING.question(facts), /within 1 point of CLIP\u2019s 97\.0, that is at 96\.0 or more/);
  assert.match(FADING.live(facts, { beta: 1, gamma: 2 }), /Elsewhere 60\.0, 36\.0 to go/);
  assert.match(FADING.live(facts, { beta: 1, gamma: 5 }), /back/);
  assert.equal(FADING.reached(facts, { beta: 1, gamma: 2 }), false);
  assert.equal(FADING.reached(facts, { beta: 1, gamma: 5 }), true);
  assert.match(told(FADING, facts, { beta: 1, gamma: 50 }), /\u03b3 4\.\d does it already/);
  assert.ok(facts.keeps(facts.at(1, FADING.shows(facts).gamma)));
});

test("what fading costs the taught is told by what happens", () => {
  for (const [seen, expected] of [[60, /even helps/], [50, /pays nothing/], [41, /that is the price/]]) {
    const facts = madeUp((beta, gamma) => ({ ...fades(beta, gamma), seen: gamma === 0 ? 50 : seen }));
    assert.match(told(FADING, facts), expected);
  }
});

test("where nothing was lost, or nothing comes back, fading says so", () => {
  const kept = madeUp(() => ({ elsewhere: 97 }));
  assert.match(FADING.question(kept), /nothing to bring back/);
  assert.match(told(FADING, kept), /does not occur on this set/);
  assert.equal(FADING.reached(kept, { beta: 1, gamma: 5 }), false);
  const never = madeUp(() => ({ elsewhere: 60 }));
  assert.match(FADING.question(never), /no \u03b3 brings Elsewhere back/);
  assert.match(told(FADING, never), /does not come back/);
});

test("shots only: names move, and what is learned by heart is told from what is not", () => {
  const byHeart = madeUp((_, gamma) => ({ changed: 12, seen: gamma === Infinity ? 40 : 64 }));
  assert.equal(LOCAL.truth(byHeart), 1);
  assert.match(told(LOCAL, byHeart), /12 of 16 answers.*Taught is 40\.0.*64\.0: learned by heart/);
  assert.match(told(LOCAL, madeUp(() => ({ changed: 12, seen: 60 }))), /names do all the work/);
  const none = madeUp(() => ({ changed: 0 }));
  assert.equal(LOCAL.truth(none), 0);
  assert.match(told(LOCAL, none), /None of the others does on this set/);
});

test("pictures that are shots themselves are counted apart", () => {
  const data = makeData({ seed: 64, images: { group: all(0), truth: all(0) } });
  const facts = madeUp(() => ({ changed: 1, seen: null }), { data });
  assert.ok(facts.onShots >= 1);
  assert.equal(LOCAL.truth(facts), 0);
  assert.match(told(LOCAL, facts), /are taught ones themselves/);
});

test("the best setting keeps what lies elsewhere, and the learner's is told beside it", () => {
  const facts = madeUp(peaks);
  const { best } = facts;
  assert.equal(best.beta, 0.75);
  assert.ok(Math.abs(best.gamma - 6) < 2 && best.gamma >= 5);
  assert.match(told(CHOOSING, facts, best), /Yours is as good.*held-out shots/);
  assert.match(told(CHOOSING, facts, { beta: 1, gamma: 50 }), /Yours has 35\.8, \d+\.\d less/);
  assert.match(told(CHOOSING, facts, { beta: 1, gamma: 1 }), /loses too much of Elsewhere/);
  assert.match(told(CHOOSING, facts, { beta: 0.75, gamma: 6 }), /even 80\.0/);
  assert.match(CHOOSING.live(facts, { beta: 1, gamma: 1 }), /36\.0 too low/);
  assert.match(CHOOSING.live(facts, { beta: 1, gamma: 9 }), /kept/);
});

test("a set on which fading gains nothing, or no setting does, says so", () => {
  const edge = madeUp((beta, gamma) => ({ harmonic: 80 - gamma, elsewhere: 97 }));
  assert.match(told(CHOOSING, edge), /at the edge/);
  const useless = madeUp(() => ({ harmonic: 20 }));
  assert.match(told(CHOOSING, useless), /No setting that keeps Elsewhere beats CLIP/);
  const untested = lacking("seen", "harmonic");
  assert.match(CHOOSING.question(untested), /no test pictures/);
});

test("the last step speaks of the visitor's own picture where there is one", () => {
  const example = makeData({ seed: 65, preset: "New words" });
  assert.match(told(YOURS, factsOf(example)), /still an example.*cosine of/);
  example.familiarFrom = 0.873;
  assert.match(told(YOURS, factsOf(example)), /From 0\.87 on a picture is familiar/);
  const group = all(1);
  const own = factsOf(makeData({ seed: 66, images: { group } }));
  assert.match(told(YOURS, own), /not asked about a picture yet/);
  assert.doesNotMatch(told(YOURS, own), /still an example/);
});

test("a gap is told in points, and a near guess as one", () => {
  assert.equal(gapText(80, 59.1), "You said 80, it is 59.1: 20.9 points less.");
  assert.equal(gapText(40, 59.1), "You said 40, it is 59.1: 19.1 points more.");
  assert.match(gapText(60, 59.1), /^Well guessed/);
  assert.match(verdictText(["No", "Yes"], 0, 1), /You said \u201cNo\u201d, it is \u201cYes\u201d/);
  assert.match(verdictText(["No", "Yes"], 1, 1), /As you said/);
  assert.equal(SLACK, 1);
});
