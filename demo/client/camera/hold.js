// A button that works while it is held: by a finger or mouse, or by Space or Enter, whose repeats do not count.

const KEYS = new Set([" ", "Enter"]);
/** What does not hold, such as a screen reader's press, counts as so long a hold. */
const PRESS_MILLISECONDS = 1000;

/**
 * `release()` is called once after every `press()`.
 * @type {(button: HTMLElement, press: () => void, release: () => void) => void}
 */
export function wireHold(button, press, release) {
  let held = false;
  const begin = () => {
    if (held) return;
    held = true;
    press();
  };
  const end = () => {
    if (!held) return;
    held = false;
    release();
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    begin();
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(name, end);
  button.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    if (!KEYS.has(event.key)) return;
    event.preventDefault(); // or it would also be a click
    if (!event.repeat) begin();
  });
  button.addEventListener("keyup", (event) => {
    if (!KEYS.has(event.key)) return;
    event.preventDefault();
    end();
  });
  button.addEventListener("click", (event) => {
    if (event.detail || held) return; // the end of a hold
    begin();
    setTimeout(end, PRESS_MILLISECONDS);
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is a hold
}
