// The lasso: drawn with Plotly's own tool; what lies inside becomes the chosen pictures.

/**
 * Wires the lasso button and the Escape key. `hooks.choose(indices)` takes what was caught, `hooks.clear()` chooses all
 * again. Returns {leave()}.
 */
function createLasso(root, map, hooks) {
  const button = root.querySelector("#lasso-button");
  const card = root.querySelector(".map-card");
  const lasso = {
    active: false,
    set(active) {
      lasso.active = active;
      button.setAttribute("aria-pressed", String(active));
      card.classList.toggle("lassoing", active);
      map.setLasso(active);
    },
  };
  button.addEventListener("click", () => lasso.set(!lasso.active));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (lasso.active) lasso.set(false);
    hooks.clear();
  });
  map.onLasso((indices) => { if (lasso.active) hooks.choose(indices); });
  return { leave: () => { if (lasso.active) lasso.set(false); } };
}

/** A lasso around nothing changes nothing; Plotly also sends an empty one when its outline is cleared. */
function takeLasso(map, event) {
  if (!event || !event.points || map.clearing) return;
  if (event.points.length) map.caught(caughtPictures(map, event));
  forgetPlotlySelection(map);
}

/** Plotly's event to picture rows; anchors can be caught but mean nothing here. */
function caughtPictures(map, event) {
  const rows = [];
  for (const { curveNumber, pointNumber } of event.points) {
    const kind = KINDS[curveNumber - 1];
    if (kind) rows.push(map.members[kind][pointNumber]);
  }
  return rows.filter((i) => map.look.shade[i] !== HIDDEN);
}

/** Plotly would keep its outline and fade points its own way; the explorer fades them, also while sliders move. */
function forgetPlotlySelection(map) {
  map.clearing = true;
  setTimeout(() => {
    Plotly.update(map.host, { selectedpoints: null }, { selections: [] }).finally(() => { map.clearing = false; });
  }, 0);
}

function setLasso(map, active) {
  map.lasso = active;
  if (map.ready) Plotly.relayout(map.host, { dragmode: dragMode(map, currentView(map)) });
}
