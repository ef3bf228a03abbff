// The address bar as memory: example, beta, gamma, the switch of class statistics, picture and colouring live in the
// part after the #, so that a link or a reload opens the same view. Own pictures never leave the session: for them it
// holds the settings only.

import { readBeta, readGamma } from "./model/numbers.js";
import { COLOURINGS, QUERY } from "./model/selection.js";
import { pageSetting } from "./model/shelf/masks.js";

/** @import { Data, Link, Trigger } from '../types.d.ts' */
/** @import { State } from "./state.js" */

/**
 * {set, beta, gamma, statistics, picture, colour, lesson}; null for what is missing or makes no sense.
 * @type {(hash: string) => Link}
 */
export function readLink(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const beta = readBeta(values.get("beta") ?? "");
  const gamma = readGamma(values.get("gamma") ?? "");
  return {
    set: values.get("set") || null, picture: values.get("picture") || null,
    beta: Number.isNaN(beta) ? null : beta, gamma: Number.isNaN(gamma) ? null : gamma,
    statistics: { on: true, off: false }[values.get("statistics") ?? ""] ?? null,
    colour: COLOURINGS.find((name) => name === values.get("colour")) ?? null,
    lesson: Math.trunc(Number(values.get("lesson"))) || null,
  };
}

/**
 * The hash of what is on show, with the setting of the set on the page. A query is the visitor's own: no link names it.
 * @type {(shown: Pick<State, "data" | "selected" | "beta" | "gamma" | "colouring" | "inLesson" | "step">) => string}
 */
export function linkHash(shown) {
  const { data, selected, colouring, inLesson, step } = shown;
  if (!data) return "";
  const { beta, gamma } = pageSetting(shown);
  const values = new URLSearchParams();
  if (data.preset) values.set("set", data.preset);
  values.set("beta", String(Number(beta.toFixed(3))));
  values.set("gamma", gamma === Infinity ? "inf" : String(Number(gamma.toPrecision(4))));
  if (data.statistics !== null) values.set("statistics", data.statistics ? "on" : "off");
  if (data.preset && selected >= 0 && data.images.group[selected] !== QUERY) {
    values.set("picture", data.images.names[selected]);
  }
  // A compared system has to be trained before its answers can colour anything, so no link names one.
  values.set("colour", COLOURINGS.includes(colouring) ? colouring : "alpha");
  if (inLesson) values.set("lesson", String(step));
  return `#${values}`;
}

/**
 * A link waits for its example; one that names none fits whatever is on show.
 * @type {(link: Link | null, data: Data) => link is Link}
 */
function linkFits(link, data) {
  return link !== null && (link.set === null || link.set === data.preset);
}

/**
 * Follows the address bar and keeps it current. `ask("link", {hash})` has the server load another example. Returns
 * {meet(): another data set is there, write(): the address may say what is on show}.
 * @type {(root: HTMLElement, state: State, ask: Trigger) => { meet(): void, write(): void }}
 */
export function createLink(root, state, ask) {
  state.awaitLink(window.location.hash.length > 1 ? readLink(window.location.hash) : null);
  window.addEventListener("hashchange", (event) => {
    if (!root.isConnected || !state.data) return;
    const { hash } = new URL(event.newURL); // the address itself may by now be the view's own again, see writeLink
    const link = readLink(hash);
    if (linkFits(link, state.data)) return state.followLink(link);
    state.awaitLink(link);
    ask("link", { hash });
  });
  return {
    meet() { if (state.data && linkFits(state.link, state.data)) state.followLink(state.link); },
    write() { if (state.data && !state.link) writeLink(linkHash(state)); },
  };
}

/** The page's address with another hash. A hash alone would be one of the page's base, which is without its options.
 * @type {(hash: string) => string} */
function withHash(hash) {
  return window.location.href.split("#")[0] + hash;
}

/** Without a new entry in the history, or "back" would undo every drag. @type {(hash: string) => void} */
function writeLink(hash) {
  if (hash === window.location.hash) return;
  try {
    window.history.replaceState(window.history.state, "", withHash(hash));
  } catch {
    // Some embeddings forbid it; the link button still works.
  }
}

/**
 * Copies the address of what is on show and says so, in Markdown; where the clipboard is closed, the address is laid out
 * to copy by hand.
 * @type {(state: State) => Promise<string>}
 */
export async function copyLink(state) {
  const address = withHash(linkHash(state));
  const alone = state.data?.shelf ? "; the shelf stays in your session" : "";
  const what = state.data?.preset ? `this example with its settings, colours and selected picture${alone}`
    : "the settings and colours only: your pictures stay in your session";
  try {
    await navigator.clipboard.writeText(address);
    return `Link copied. It opens ${what}.`;
  } catch {
    return `This browser lets no page copy. The link opens ${what}:\n\n\`${address}\``;
  }
}
