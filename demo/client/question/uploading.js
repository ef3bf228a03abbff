// How much of a drop has reached the server, from the first moment on: gradio's own field is empty while it sends.

import { around } from "../dom.js";

const MEGABYTE = 2 ** 20;
const LOOK_MILLISECONDS = 400;
const FIELD = "#drop input[type=file]";

/**
 * "3 of 15 MB"; less than one is told in kB. `share` is from 0 to 1.
 * @type {(share: number, bytes: number) => string}
 */
export function amountOf(share, bytes) {
  const [unit, name] = bytes < MEGABYTE ? [1024, "kB"] : [MEGABYTE, "MB"];
  const all = Math.max(Math.ceil(bytes / unit), 1);
  return `${Math.min(Math.round(share * bytes / unit), all)} of ${all} ${name}`;
}

/** The share of an upload that gradio shows in its bar, which it writes to the page's root. @type {() => number} */
function sharedSent() {
  const percent = parseFloat(document.documentElement.style.getPropertyValue("--upload-progress-width"));
  return Number.isFinite(percent) ? Math.min(Math.max(percent / 100, 0), 1) : 0;
}

/** Ends the listening of a question that was mounted before. */
let listening = new AbortController();

/**
 * `told(text)` is called while files are sent, and with "" when that has ended, be it by a failure.
 * @type {(told: (text: string) => void) => { end: () => void }}
 */
export function watchUploads(told) {
  let timer = 0;
  const end = () => {
    clearInterval(timer);
    timer = 0;
    told("");
  };
  /** @type {(files: File[]) => void} */
  const begin = (files) => {
    if (!files.length) return;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    document.documentElement.style.removeProperty("--upload-progress-width");
    clearInterval(timer);
    const show = () => told(`Uploading ${amountOf(sharedSent(), bytes)}`);
    let gone = false;
    timer = setInterval(() => {
      const waits = document.querySelector(FIELD) !== null;
      if (gone && waits) return end(); // the field is back without an answer: the upload was refused
      gone ||= !waits;
      show();
    }, LOOK_MILLISECONDS);
    show();
  };
  listening.abort();
  listening = new AbortController();
  const options = { capture: true, signal: listening.signal };
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.matches(FIELD)) begin([...(target.files ?? [])]);
  }, options);
  document.addEventListener("drop", (event) => {
    const items = [...(event.dataTransfer?.items ?? [])];
    const folder = items.some((item) => item.webkitGetAsEntry?.()?.isDirectory); // it is packed first
    if (around(event, "#drop") && !folder) begin([...(event.dataTransfer?.files ?? [])]);
  }, options);
  return { end };
}
