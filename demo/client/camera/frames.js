// From a running video to small pictures. The models look at 224 pixels, the middle of a shorter side of 256.

import { make, penOf } from "../dom.js";

const SIDE = 256;
const QUALITY = 0.85;
const HEADER = "data:image/jpeg;base64,";

/**
 * The size at which a picture is sent: its shorter side is SIDE at most.
 * @type {(width: number, height: number) => number[]}
 */
export function frameSize(width, height) {
  const share = Math.min(SIDE / Math.min(width, height), 1);
  return [Math.max(Math.round(width * share), 1), Math.max(Math.round(height * share), 1)];
}

/**
 * Show a stream in `video`; resolves once there is a picture.
 * @type {(video: HTMLVideoElement, stream: MediaStream) => Promise<void>}
 */
export async function showStream(video, stream) {
  const [track] = stream.getVideoTracks();
  // as in a mirror, unless the camera looks away from whoever holds it
  video.classList.toggle("mirrored", track?.getSettings().facingMode !== "environment");
  Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
  await video.play();
}

/** @type {HTMLCanvasElement | null} */
let canvas = null;

/** The picture of the moment as the base64 of a JPEG. @type {(video: HTMLVideoElement) => string} */
export function grab(video) {
  const [width, height] = frameSize(video.videoWidth, video.videoHeight);
  canvas ??= make("canvas");
  Object.assign(canvas, { width, height });
  penOf(canvas).drawImage(video, 0, 0, width, height);
  return canvas.toDataURL("image/jpeg", QUALITY).slice(HEADER.length);
}

/** What a page shows such a picture by. @type {(picture: string) => string} */
export function addressOf(picture) {
  return HEADER + picture;
}
