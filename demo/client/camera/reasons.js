// Why there is no camera, each time in one sentence that says what to do.

const INSECURE = "The camera needs a secure page: open this app by https, or on its own machine as localhost.";
export const OUT_OF_SIGHT = "The camera was switched off, because the page was out of sight.";
export const TAKEN_AWAY = "The camera was unplugged or switched off; connect it, then try again.";
export const NO_ANSWER = "The server does not answer; look whether this page is still connected, then try again.";

const REFUSED = "The camera was refused: allow it for this page in the browser's address bar, then try again.";
const MISSING = "No camera was found: connect one, then try again, or add pictures as files.";
const IN_USE = "The camera is in use by another program: close that one, then try again.";
/** By the name of the browser's error. @type {Record<string, string>} */
const SENTENCES = {
  NotAllowedError: REFUSED, SecurityError: REFUSED, NotFoundError: MISSING, OverconstrainedError: MISSING,
  NotReadableError: IN_USE, AbortError: IN_USE,
};

/**
 * `error`: what asking for the camera threw; `offered`: whether the browser lets this page ask at all.
 * @type {(error: unknown, offered: boolean) => string}
 */
export function whyNoCamera(error, offered) {
  if (!offered) return INSECURE;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  return SENTENCES[name] ?? `The camera cannot be used (${name || "no reason given"}); add pictures as files instead.`;
}

/** A server's message as a sentence of the page. @type {(text: string) => string} */
export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
