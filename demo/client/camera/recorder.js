// One recording: the camera goes on, several pictures a second join a class of the set, and the camera goes off.

import { make, setText } from "../dom.js";
import { Burst, SHOT_MILLISECONDS } from "./burst.js";
import { openCamera } from "./camera.js";
import { addressOf, grab, showStream } from "./frames.js";
import { waitOf } from "./pace.js";
import { ask, limits, tell } from "./talk.js";

/** @import { Camera, Recording, RecordingTask } from '../types.d.ts' */

const TOO_SHORT = "The camera is ready: hold the button until there are as many pictures as you want.";

/**
 * @typedef {{ task: RecordingTask, burst: Burst, id: string, camera: Camera | null, held: boolean, ended: boolean,
 *   sending: boolean, timer: ReturnType<typeof setTimeout> | undefined, view: ReturnType<typeof makeView> }} Run
 */

/** The preview, the shots and their number, for the place where the pictures will be. */
function makeView() {
  const node = make("div", "shots");
  const video = make("video", "shots-video");
  const count = make("span", "shots-count");
  const row = make("div", "shots-row");
  node.append(video, count, row);
  return { node, video, count, row };
}

/** Begin to record, until `stop()` is called or something ends it. @type {(task: RecordingTask) => Recording} */
export function startRecording(task) {
  /** @type {Run} */
  const run = {
    task, burst: new Burst(task.most), id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, camera: null,
    held: true, ended: false, sending: false, timer: undefined, view: makeView(),
  };
  task.host.append(run.view.node);
  setText(run.view.count, "Camera is starting …");
  run.view.node.scrollIntoView({ block: "nearest" });
  begin(run);
  return { stop: () => letGo(run) };
}

/** @type {(run: Run) => Promise<void>} */
async function begin(run) {
  try {
    run.camera = await openCamera((reason) => { run.burst.end(reason); letGo(run); });
    if (run.held) await showStream(run.view.video, run.camera.stream);
    if (run.held) shoot(run);
    else run.burst.end(TOO_SHORT);
  } catch (error) {
    if (run.held || !run.camera) run.burst.end(error instanceof Error ? error.message : String(error));
  }
  if (!run.held || run.burst.reason) letGo(run);
}

/** @type {(run: Run) => void} */
function shoot(run) {
  const { burst, view } = run;
  if (!run.held) return;
  const now = performance.now();
  if (burst.isDue(now) && view.video.videoWidth) {
    const picture = grab(view.video);
    burst.take(picture, now);
    showShot(run, picture);
    send(run);
  }
  if (burst.reason) return letGo(run);
  run.timer = setTimeout(() => shoot(run), SHOT_MILLISECONDS / 5);
}

/** @type {(run: Run, picture: string) => void} */
function showShot({ burst, view, task }, picture) {
  const image = make("img");
  image.src = addressOf(picture);
  image.alt = "";
  view.row.prepend(image);
  setText(view.count, burst.shots === 1 ? "1 picture" : `${burst.shots} pictures`);
  task.count(burst.shots);
}

/** Let the camera go; what was taken still joins. @type {(run: Run) => void} */
function letGo(run) {
  run.held = false;
  clearTimeout(run.timer);
  run.camera?.close();
  run.view.video.srcObject = null;
  run.view.video.hidden = true;
  if (run.burst.shots) send(run);
  else if (run.burst.reason) end(run);
}

/** One batch after the other. @type {(run: Run) => Promise<void>} */
async function send(run) {
  const { burst, task, id } = run;
  if (run.sending) return;
  if (!run.held && burst.isSent) return end(run);
  const begun = performance.now();
  const { begins } = burst;
  const pictures = burst.nextBatch();
  if (!pictures.length) return;
  run.sending = true;
  burst.hear(await ask("shots", { name: task.name, pictures, recording: id, begins, manner: task.manner }));
  if (burst.reason && run.held) letGo(run);
  const wait = burst.isSent && !run.held ? 0 : waitOf(limits(), begun, performance.now());
  setTimeout(() => { run.sending = false; send(run); }, wait);
}

/** @type {(run: Run) => void} */
function end(run) {
  if (run.ended) return;
  run.ended = true;
  const { joined, shots, reason } = run.burst;
  if (shots) tell("recorded"); // the cards are drawn with the new pictures, also with those whose answer was lost
  if (!joined) run.view.node.remove();
  const few = joined < shots ? ` ${joined} of ${shots} pictures have joined.` : "";
  const some = `${joined} ${joined === 1 ? "picture" : "pictures"} recorded.`;
  run.task.done(joined, reason ? reason + few : some);
}
