// Live prediction: the webcam's picture of the moment is asked about, one frame after the other, and forgotten.

import { find, findA, findParts, setPressed, setText } from "../dom.js";
import { openCamera } from "./camera.js";
import { addressOf, grab, showStream } from "./frames.js";
import { waitOf } from "./pace.js";
import { ask, limits } from "./talk.js";

/** @import { Camera, CameraAnswer, LiveSaid } from '../types.d.ts' */

const MANY_BUSY = 8;
const SLOW = "The server has much to do; answers come more slowly.";

/** After so long a newer picture is asked about as well: an answer can be lost on its way. */
const SILENCE_MILLISECONDS = 5000;

/**
 * `round` counts how often it was switched on, so that what is late of an earlier time is left; `picture`: of the last
 * answer; `busy`: how many calls in a row had no other answer; `heard`: when the last one came.
 * @typedef {{ root: HTMLElement, parts: Record<Part, HTMLElement>, video: HTMLVideoElement, on: boolean, round: number,
 *   camera: Camera | null, picture: string, answered: number, busy: number, heard: number }} Live
 * @typedef {"switch" | "view" | "clip" | "llu" | "alpha" | "keep" | "say"} Part
 */

/** @type {(root: HTMLElement) => void} */
export function createLive(root) {
  /** @type {Part[]} */
  const names = ["switch", "view", "clip", "llu", "alpha", "keep", "say"];
  /** @type {Live} */
  const live = {
    root, parts: findParts(root, names, "live-"), video: findA(HTMLVideoElement, root, ".live-video"), on: false,
    round: 0, camera: null, picture: "", answered: 0, busy: 0, heard: 0,
  };
  live.parts.switch.addEventListener("click", () => (live.on ? switchOff(live, "") : switchOn(live)));
  live.parts.keep.addEventListener("click", () => keep(live));
}

/** @type {(live: Live, text: string) => void} */
function say({ parts }, text) {
  setText(parts.say, text);
  parts.say.hidden = !text;
}

/** @type {(live: Live) => Promise<void>} */
async function switchOn(live) {
  const round = ++live.round;
  Object.assign(live, { on: true, answered: 0, busy: 0, heard: 0, picture: "" });
  live.root.dataset.answered = "0";
  for (const name of /** @type {Part[]} */ (["clip", "llu", "alpha"])) clear(live, name);
  setPressed(live.parts.switch, true);
  setText(live.parts.switch, "Stop live prediction");
  say(live, "The camera is starting …");
  try {
    const camera = await openCamera((reason) => { if (live.round === round) switchOff(live, reason); });
    if (!live.on || live.round !== round) return camera.close();
    live.camera = camera;
    await showStream(live.video, camera.stream);
    if (live.round !== round) return;
    live.parts.view.hidden = false;
    say(live, "");
    step(live, round);
  } catch (error) {
    if (live.round === round) switchOff(live, error instanceof Error ? error.message : String(error));
  }
}

/** @type {(live: Live, reason: string) => void} */
function switchOff(live, reason) {
  live.round++;
  live.on = false;
  live.camera?.close();
  live.camera = null;
  live.video.srcObject = null;
  live.parts.view.hidden = true;
  setPressed(live.parts.switch, false);
  setText(live.parts.switch, "Live prediction");
  say(live, reason);
  window.lluExplorer?.live(null);
}

/**
 * Ask about the newest picture; the next one is taken when this one was answered, or has not been for long.
 * @type {(live: Live, round: number) => Promise<void>}
 */
async function step(live, round) {
  const begun = performance.now();
  const picture = grab(live.video);
  let relieved = false;
  const goOn = () => { if (live.round === round) step(live, round); };
  const timer = setTimeout(() => { relieved = true; goOn(); }, SILENCE_MILLISECONDS);
  const answer = await ask("frame", { picture });
  clearTimeout(timer);
  if (live.round !== round || (answer.silent && live.heard > begun)) return;
  live.heard = performance.now();
  if (answer.message) return switchOff(live, answer.message);
  if (!live.root.isConnected) return switchOff(live, "");
  if (answer.busy) {
    if (++live.busy === MANY_BUSY) say(live, SLOW);
  } else show(live, picture, answer);
  if (!relieved) setTimeout(goOn, waitOf(limits(), begun, performance.now()));
}

/** @type {(live: Live, picture: string, answer: CameraAnswer) => void} */
function show(live, picture, answer) {
  const said = window.lluExplorer?.live({ ...answer, picture: addressOf(picture) });
  if (live.parts.say.textContent === SLOW) say(live, "");
  live.busy = 0;
  if (!said) return; // the map shows an adapter that came or went meanwhile
  live.picture = picture;
  live.answered++;
  live.root.dataset.answered = String(live.answered);
  write(live, "clip", said.clip);
  write(live, "llu", said.llu);
  write(live, "alpha", { name: said.alpha, percent: "" });
}

/** @type {(live: Live, name: Part, said: LiveSaid["clip"]) => void} */
function write({ parts }, name, said) {
  const node = parts[name];
  setText(find(node, ".live-name"), said.name);
  setText(find(node, ".live-percent"), said.percent);
}

/** @type {(live: Live, name: Part) => void} */
function clear(live, name) {
  write(live, name, { name: "…", percent: "" });
}

/** @type {(live: Live) => Promise<void>} */
async function keep(live) {
  if (!live.picture) return;
  const { round } = live;
  const { message } = await ask("keep", { picture: live.picture });
  if (live.round === round) say(live, message || "Kept on the map.");
}
