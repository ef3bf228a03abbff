// The compared systems on this set: trained by the server when asked, one row after the other.

function createMethods(panel, hooks) {
  const part = (name) => panel.querySelector(`.methods-${name}`);
  const view = {
    hooks, data: null, rows: [], total: 0, run: 0, running: false, waiting: "", message: "", shown: "",
    start: part("start"), status: part("status"), results: part("results"),
    body: part("table").querySelector("tbody"), svg: part("chart"),
  };
  view.start.addEventListener("click", () => startComparing(view));
  view.body.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) showOnColours(view, button.dataset.method);
  });
  new ResizeObserver(() => drawMethods(view)).observe(view.svg.parentElement);
  return {
    showData(data) {
      Object.assign(view, { data, rows: [], running: false, message: "", shown: "" });
      renderMethods(view);
    },
    /** Another colouring was chosen: no row's answers are on the map. */
    show(frame) {
      if (!view.shown || frame.colouring === "method") return;
      view.shown = "";
      renderMethods(view);
    },
    receive(payload) {
      if (!view.running || payload.run !== view.run) return; // pictures have changed since it was asked for
      const { rows, total, waiting, message } = payload;
      Object.assign(view, { rows, total, waiting, message });
      view.running = payload.rows.length < payload.total && !payload.message;
      renderMethods(view);
    },
    state: () => ({ rows: view.rows.length, running: view.running, shown: view.shown }),
  };
}

function startComparing(view) {
  if (!view.data || view.running) return;
  Object.assign(view, { rows: [], total: 0, run: view.run + 1, running: true, waiting: "", message: "" });
  renderMethods(view);
  view.hooks.ask("methods", { run: view.run });
}

function showOnColours(view, method) {
  const row = view.rows.find((one) => one.method === method);
  view.shown = method;
  view.hooks.colourBy(row.title, Int32Array.from(row.answers));
  renderMethods(view);
}

function renderMethods(view) {
  const { rows, total, running, waiting, message } = view;
  view.start.disabled = running;
  setText(view.start, rows.length && !running ? "Train again" : "Train and compare");
  const progress = total ? `Training: ${rows.length} of ${total} done\u2026` : "Training\u2026";
  setText(view.status, message || (running ? waiting || progress : ""));
  view.results.hidden = rows.length === 0;
  view.body.replaceChildren(...rows.map((row) => methodRow(row, view.shown)));
  drawMethods(view);
}

function methodRow(row, shown) {
  const node = make("tr", row.method === "llu" ? "ours" : "");
  const name = node.appendChild(make("th", "", row.note ? `${row.title} *` : row.title));
  name.scope = "row";
  name.title = row.note;
  for (const value of [row.seen, row.unseen, row.h]) {
    node.appendChild(make("td", "", value === null ? DASH : value.toFixed(1)));
  }
  node.appendChild(make("td", "", row.seconds < 0.05 ? "<.1" : row.seconds.toFixed(1)));
  const button = node.appendChild(make("td")).appendChild(make("button", "plain", "Colour"));
  button.type = "button";
  button.dataset.method = row.method;
  button.setAttribute("aria-pressed", String(row.method === shown));
  button.setAttribute("aria-label", `Colour the map by the answers of ${row.title}`);
  return node;
}
