// Which pictures are on stage: the legend hides some (they are gone from the map), a lasso or a list chooses some (the
// others stay as a grey background, so that one still sees where the chosen ones lie).

const SHOWN = 0;
const DIMMED = 1;
const HIDDEN = 2;

/** kinds: names of KINDS and ANCHOR_KIND; values: class rows or changes, by the colouring of the moment. */
function makeFilter() {
  return { kinds: new Set(), values: new Set() };
}

/** What the colouring goes by, one number per picture; null where it is alpha. */
function colouredValues(app) {
  const choices = {
    truth: app.data.images.truth, clip: app.clip, llu: app.workspace.best, changed: app.changes,
    method: app.method && app.method.answers,
  };
  return choices[app.colouring] || null;
}

/** SHOWN, DIMMED or HIDDEN per picture, into app.shade. */
function fillShade(app) {
  const { data, shade, filter, chosen } = app;
  const values = filter.values.size ? colouredValues(app) : null;
  for (let i = 0; i < data.n; i++) {
    const hidden = filter.kinds.has(data.kinds[i]) || (values !== null && filter.values.has(values[i]));
    shade[i] = hidden ? HIDDEN : chosen && !chosen[i] ? DIMMED : SHOWN;
  }
}

/** Make `indices` the chosen pictures; none of them, or null, chooses all again. `title` says where they come from. */
function choose(app, indices, title = "") {
  if (!app.data) return;
  app.chosen = null;
  app.chosenTitle = "";
  if (indices && indices.length) {
    app.chosen = new Uint8Array(app.data.n);
    for (const i of indices) if (i >= 0 && i < app.data.n) app.chosen[i] = 1;
    app.chosenTitle = title;
  }
  requestFrame(app);
  settleSoon(app);
}

/** The same pictures by name in a new payload of the same model, where a query may have come or gone. */
function keptChoice(before, chosen, data) {
  if (!chosen) return null;
  const names = new Set(before.images.names.filter((_, i) => chosen[i]));
  const kept = Uint8Array.from(data.images.names, (name) => Number(names.has(name)));
  return kept.includes(1) ? kept : null;
}

/** Hide or show what one legend entry stands for. */
function toggleLegend(app, part, key) {
  const keys = app.filter[part];
  if (!keys.delete(key)) keys.add(key);
  requestFrame(app);
  settleSoon(app);
}

function showEverything(app) {
  app.filter = makeFilter();
  requestFrame(app);
  settleSoon(app);
}

/** The chips above the map: what is chosen, what is hidden, each with a button that undoes it. */
function createChips(root, hooks) {
  const host = root.querySelector(".chips");
  const chip = (name, label, clear) => {
    const node = host.appendChild(make("span", `chip ${name}`));
    const text = node.appendChild(make("span", "chip-text"));
    const button = node.appendChild(make("button", "chip-clear", "\u00d7"));
    button.type = "button";
    button.setAttribute("aria-label", label);
    button.title = label;
    button.addEventListener("click", clear);
    return { node, show: (message) => { node.hidden = message === ""; setName(text, message); } };
  };
  const chosen = chip("chosen-chip", "Choose all pictures again", hooks.clear);
  const hidden = chip("hidden-chip", "Show all points again", hooks.showAll);
  return {
    show(counts) {
      const some = counts.chosen === 1 ? "1 picture chosen" : `${counts.chosen} pictures chosen`;
      chosen.show(counts.chosen ? [some, counts.title].filter(Boolean).join(": ") : "");
      hidden.show(counts.filtered ? `${counts.hidden} hidden by the legend` : "");
    },
  };
}

function countShade(shade, value) {
  let count = 0;
  for (let i = 0; i < shade.length; i++) if (shade[i] === value) count++;
  return count;
}

function countChosen(app) {
  return app.chosen ? app.chosen.reduce((sum, one) => sum + one, 0) : null;
}
