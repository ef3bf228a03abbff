// A lesson in five steps: predict what a setting does, then see it happen on the set that is on the page. The verdicts
// are computed from that set, none is written down.

const LESSON_BETA = 0.5;
const LESSON_GAMMA = 20;
const NO_UNSEEN = "This set has no test pictures of unseen classes; choose one of the examples to see it.";

/** What a setting does to the set: the tiles' summary there, computed once and aside from the page's own sweep. */
function outcomeAt(data, clip, beta, gamma) {
  const workspace = makeWorkspace(data.n, data.classes.names.length);
  sweepTo(workspace, data, beta, gamma);
  const changes = Uint8Array.from(clip, (before, i) => changeOf(data.images.truth[i], before, workspace.best[i]));
  return summarise(data, workspace.best, changes);
}

/** 0, 1 or 2: `value` is below, equal to or above `base` at the one digit that the tiles show. */
function directionOf(value, base) {
  const delta = Number((value - base).toFixed(1));
  return delta < 0 ? 0 : delta > 0 ? 2 : 1;
}

/**
 * Each step: the setting it shows, the question, the choices, and `told(at, clip)` -> {right, text}: the number of the
 * choice that holds (null where the set cannot say) and the explanation. `at(beta, gamma)` gives a summary.
 */
const LESSON = [
  {
    title: "No update", beta: 0, gamma: LESSON_GAMMA,
    question: "Beta goes to 0. How many predictions will differ from those of CLIP?",
    choices: ["None", "Some"],
    told: (at) => {
      const { changed } = at(0, LESSON_GAMMA);
      return { right: changed ? 1 : 0, text: `${changed} differ. Beta is the share of the update at an anchor; with `
        + "none of it, every embedding is the frozen one and LLU is CLIP." };
    },
  },
  {
    title: "Everywhere", beta: LESSON_BETA, gamma: 0,
    question: "Gamma goes to 0: the update applies everywhere alike. What happens to the classes that were not "
      + "trained?",
    choices: ["They get worse", "They stay", "They get better"],
    told: (at, clip) => {
      const { unseen, seen } = at(LESSON_BETA, 0);
      if (unseen === null) return { right: null, text: NO_UNSEEN };
      const trained = seen === null ? "" : `, seen ones from ${clip.seen.toFixed(1)} to ${seen.toFixed(1)} %`;
      return { right: directionOf(unseen, clip.unseen), text: `Unseen classes go from ${clip.unseen.toFixed(1)} to `
        + `${unseen.toFixed(1)} %${trained}. `
        + "A map learned from a few classes moves all others too, where nobody asked it to." };
    },
  },
  {
    title: "Nearby", beta: LESSON_BETA, gamma: LESSON_GAMMA,
    question: "Gamma goes from 0 to 20: the update fades with distance. Compared with step 2, will more or fewer "
      + "predictions differ from CLIP?",
    choices: ["Fewer", "As many", "More"],
    told: (at) => {
      const [everywhere, nearby] = [at(LESSON_BETA, 0).changed, at(LESSON_BETA, LESSON_GAMMA).changed];
      return { right: directionOf(nearby, everywhere), text: `${everywhere} differ with the update everywhere, `
        + `${nearby} with it nearby. `
        + "Pictures far from every anchor keep what CLIP says of them." };
    },
  },
  {
    title: "Only anchors", beta: LESSON_BETA, gamma: Infinity,
    question: "Gamma goes to infinity: only the anchors themselves move, and no test picture is one. Can test "
      + "predictions still change?",
    choices: ["No", "Yes"],
    told: (at) => {
      const { changed } = at(LESSON_BETA, Infinity);
      return { right: changed ? 1 : 0, text: `${changed} still differ. The texts of the trained classes are anchors `
        + "as well: they move by beta, and a picture that stays where it is can be nearer to a text that has moved." };
    },
  },
  {
    title: "The balance", beta: LESSON_BETA, gamma: LESSON_GAMMA,
    question: "Somewhere between everywhere and nowhere the harmonic mean of seen and unseen is highest. Where, at "
      + "beta .5?",
    choices: ["Gamma below 5", "From 5 to 50", "Above 50"],
    told: (at) => {
      const tried = Array.from({ length: GAMMA_STOPS / 4 + 1 }, (_, step) => gammaAt(4 * step));
      const scores = tried.map((gamma) => at(LESSON_BETA, gamma).harmonic);
      if (scores[0] === null) return { right: null, text: NO_UNSEEN };
      const best = tried[scores.indexOf(Math.max(...scores))];
      const top = Math.max(...scores).toFixed(1);
      return { right: best < 5 ? 0 : best <= 50 ? 1 : 2, text: `At gamma ${formatGamma(best)}, with ${top} %. `
        + "It was found by looking at the test pictures, so it explains this set; a setting to report must be chosen "
        + "without them." };
    },
  },
];

function createLesson(panel, hooks) {
  const part = (name) => panel.querySelector(`.lesson-${name}`);
  const lesson = { step: 0, answered: false, data: null, clip: null };
  const names = ["steps", "question", "choices", "outcome", "next"];
  const parts = Object.fromEntries(names.map((name) => [name, part(name)]));
  const go = (step) => {
    lesson.step = Math.min(Math.max(step, 0), LESSON.length - 1);
    lesson.answered = false;
    showStep(lesson, parts, (choice) => reveal(lesson, parts, hooks, choice));
    hooks.stepped();
  };
  parts.steps.replaceChildren(...LESSON.map((one, step) => {
    const button = make("button", "lesson-step", `${step + 1} ${one.title}`);
    button.type = "button";
    button.addEventListener("click", () => go(step));
    return button;
  }));
  parts.next.addEventListener("click", () => go(lesson.step + 1));
  return {
    go,
    showData(data, clip) { Object.assign(lesson, { data, clip: clip.slice() }); go(lesson.step); },
    state: () => ({ step: lesson.step + 1, answered: lesson.answered }),
  };
}

function showStep(lesson, parts, answer) {
  const step = LESSON[lesson.step];
  [...parts.steps.children].forEach((button, at) => {
    if (at === lesson.step) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
  setText(parts.question, step.question);
  setText(parts.outcome, "");
  parts.next.hidden = true;
  parts.choices.replaceChildren(...step.choices.map((text, choice) => {
    const button = make("button", "lesson-choice", text);
    button.type = "button";
    button.addEventListener("click", () => answer(choice));
    return button;
  }));
}

/** The sliders move only now, so that the prediction comes first. */
function reveal(lesson, parts, hooks, choice) {
  if (!lesson.data || lesson.answered) return;
  lesson.answered = true;
  const step = LESSON[lesson.step];
  hooks.move(step.beta, step.gamma);
  const at = (beta, gamma) => outcomeAt(lesson.data, lesson.clip, beta, gamma);
  const { right, text } = step.told(at, at(0, 0));
  [...parts.choices.children].forEach((button, index) => {
    button.disabled = true;
    button.dataset.verdict = index === right ? "right" : index === choice && right !== null ? "wrong" : "";
  });
  const missed = right === null ? "" : `\u2717 It is: ${step.choices[right]}. `;
  const verdict = choice === right ? "\u2713 As you said. " : missed;
  setText(parts.outcome, verdict + text);
  parts.next.hidden = lesson.step === LESSON.length - 1;
}
