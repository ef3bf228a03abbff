// The webcam: on while somebody uses it, with a sign that cannot be missed, and off as soon as nobody does, the page is
// out of sight or it is left.

import { make } from "../dom.js";
import { OUT_OF_SIGHT, TAKEN_AWAY, whyNoCamera } from "./reasons.js";

/** @import { Camera } from '../types.d.ts' */

/** Larger than any frame that is sent; of two cameras of a telephone the one that looks at things. */
const WANTED = { video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: { ideal: "environment" } } };

/**
 * Who uses the camera, and what each of them is to be told when it ends.
 * @type {Map<object, (reason: string) => void>}
 */
const users = new Map();
/** @type {Promise<MediaStream> | null} */
let opening = null;
/** @type {HTMLElement | null} */
let sign = null;

/**
 * Switch the camera on, or share it where it is on. `onEnd(reason)` is called when it ends without having been closed.
 * Rejects with an Error whose message is the sentence to show.
 * @type {(onEnd: (reason: string) => void) => Promise<Camera>}
 */
export async function openCamera(onEnd) {
  const user = {};
  users.set(user, onEnd);
  try {
    const stream = await begin();
    if (!users.has(user)) throw new Error(OUT_OF_SIGHT);
    return { stream, close: () => leave(user) };
  } catch (error) {
    leave(user);
    throw error;
  }
}

/**
 * The stream that is on or on its way; one that did not come is asked for anew.
 * @type {() => Promise<MediaStream>}
 */
function begin() {
  if (opening) return opening;
  const begun = start();
  begun.catch(() => { if (opening === begun) opening = null; });
  return (opening = begun);
}

/** @type {() => Promise<MediaStream>} */
async function start() {
  const offered = Boolean(navigator.mediaDevices?.getUserMedia);
  try {
    const stream = await request();
    for (const track of stream.getTracks()) track.addEventListener("ended", () => endAll(TAKEN_AWAY));
    if (users.size) showSign();
    return stream;
  } catch (error) {
    throw new Error(whyNoCamera(error, offered), { cause: error });
  }
}

/**
 * On a busy machine a camera may start more slowly than the browser waits; then it is asked for once more.
 * @type {() => Promise<MediaStream>}
 */
async function request() {
  try {
    return await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
    return navigator.mediaDevices.getUserMedia(WANTED);
  }
}

/** @type {(user: object) => void} */
function leave(user) {
  users.delete(user);
  if (!users.size) switchOff();
}

/** @type {(reason: string) => void} */
function endAll(reason) {
  const told = [...users.values()];
  users.clear();
  switchOff();
  for (const onEnd of told) onEnd(reason);
}

function switchOff() {
  const last = opening;
  opening = null;
  sign?.remove();
  sign = null;
  if (last) stopLater(last);
}

/**
 * One that is still being opened ends as soon as it is there.
 * @type {(opened: Promise<MediaStream>) => Promise<void>}
 */
async function stopLater(opened) {
  try {
    for (const track of (await opened).getTracks()) track.stop();
  } catch {
    // there was none; whoever asked for it was told
  }
}

function showSign() {
  sign ??= document.body.appendChild(make("p", "camera-sign", "Camera on. Its pictures go to this app only."));
  sign.setAttribute("role", "status");
}

document.addEventListener("visibilitychange", () => { if (document.hidden) endAll(OUT_OF_SIGHT); });
window.addEventListener("pagehide", () => endAll(OUT_OF_SIGHT));
