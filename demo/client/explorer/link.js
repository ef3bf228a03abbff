// The address bar as memory: example, beta, gamma, picture and colouring live in the part after the #, so that a link
// or a reload opens the same view. Own pictures never leave the session: for them it holds the settings only.

const COLOURINGS = ["alpha", "truth", "clip", "llu", "changed"];

/** {set, beta, gamma, picture, colour, lesson}; null for what is missing or makes no sense. */
function readLink(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const beta = values.has("beta") ? readBeta(values.get("beta")) : NaN;
  const gamma = values.has("gamma") ? readGamma(values.get("gamma")) : NaN;
  const colour = values.get("colour");
  return {
    set: values.get("set") || null, picture: values.get("picture") || null,
    beta: Number.isNaN(beta) ? null : beta, gamma: Number.isNaN(gamma) ? null : gamma,
    colour: COLOURINGS.includes(colour) ? colour : null, lesson: Number(values.get("lesson")) || null,
  };
}

/** The hash of what is on show. A query is the visitor's own, so no link names it. */
function linkHash(app) {
  const { data, selected } = app;
  const values = new URLSearchParams();
  if (data.preset) values.set("set", data.preset);
  values.set("beta", String(Number(app.beta.toFixed(3))));
  values.set("gamma", app.gamma === Infinity ? "inf" : String(Number(app.gamma.toPrecision(4))));
  if (data.preset && selected >= 0 && data.images.group[selected] !== QUERY) {
    values.set("picture", data.images.names[selected]);
  }
  // A compared system has to be trained before its answers can colour anything, so no link names one.
  values.set("colour", COLOURINGS.includes(app.colouring) ? app.colouring : "alpha");
  if (app.tabs.lessonStep()) values.set("lesson", String(app.tabs.lessonStep()));
  return `#${values}`;
}

/** A link waits for its example; one that names none fits whatever is on show. */
function linkFits(link, data) {
  return link !== null && (link.set === null || link.set === data.preset);
}

function applyLink(app, link) {
  forgetLink(app);
  if (link.colour) setColouring(app, link.colour);
  const picture = link.picture === null ? -1 : app.data.images.names.indexOf(link.picture);
  if (picture >= 0) select(app, picture);
  if (link.lesson !== null) app.tabs.openLesson(link.lesson);
  if (link.beta === null && link.gamma === null) return;
  app.touched = app.unsent = true;
  setSettings(app, link.beta, link.gamma);
}

/** On a new data set: the link that waited for it. A later set also settles, so that the address speaks of it. */
function meetLink(app, first) {
  if (linkFits(app.link, app.data)) applyLink(app, app.link);
  if (!first) settleSoon(app);
}

/** The hand has moved on: a link whose example never came no longer has a say. */
function forgetLink(app) {
  app.link = null;
}

function watchLink(app) {
  app.link = window.location.hash.length > 1 ? readLink(window.location.hash) : null;
  window.addEventListener("hashchange", (event) => {
    if (!app.root.isConnected || !app.data) return;
    const { hash } = new URL(event.newURL); // the address itself may by now be the view's own again, see writeLink
    const link = readLink(hash);
    if (linkFits(link, app.data)) return applyLink(app, link);
    app.link = link;
    app.ask("link", { hash });
  });
}

/** Keep the address current; without a new entry in the history, or "back" would undo every drag. */
function writeLink(app) {
  if (!app.data || app.link) return;
  const hash = linkHash(app);
  if (hash === window.location.hash) return;
  try {
    window.history.replaceState(window.history.state, "", hash);
  } catch {
    // Some embeddings forbid it; the link button still works.
  }
}

/** The "Copy link" button. `address()` is what to copy; where the clipboard is closed, the text is laid out to copy. */
function createLinkButton(root, address) {
  const button = root.querySelector("#copy-link");
  const box = root.querySelector(".link-box");
  const message = root.querySelector(".link-message");
  let timer = 0;
  const say = (text) => {
    setText(message, text);
    clearTimeout(timer);
    timer = setTimeout(() => { setText(message, ""); box.hidden = true; }, 8000);
  };
  button.addEventListener("click", async () => {
    box.value = address();
    box.hidden = true;
    if (await copyText(box.value)) return say("Link copied");
    box.hidden = false;
    box.focus();
    box.select();
    say(copySelection() ? "Link copied" : "Press Ctrl+C to copy the link");
  });
  return {
    show(preset) {
      button.title = preset
        ? "Copies a link to this example with its settings, colours and selected picture"
        : "Copies a link with the settings and colours only: your pictures stay in your session";
    },
  };
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function copySelection() {
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  }
}
