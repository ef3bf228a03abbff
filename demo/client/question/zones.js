// Where files are dropped, the name for the ear holds the text for the eye, which gradio's own name leaves out.

const ZONES = ["#drop", "#query", "#reopen"];
const LOOK_MILLISECONDS = 500;

/** What is read in a zone, in one line: its label and the words within. @type {(zone: Element, button: HTMLElement) => string} */
function visibleName(zone, button) {
  const label = zone.querySelector("label")?.textContent ?? "";
  return [label, button.textContent ?? ""].map((text) => text.replace(/\s+/g, " ").trim()).filter(Boolean).join(": ");
}

/** @type {(zone: Element) => void} */
function nameZone(zone) {
  for (const input of zone.querySelectorAll("input[type=file]")) {
    const button = input.closest("button") ?? input.parentElement?.querySelector("button") ?? input.parentElement;
    if (!(button instanceof HTMLElement)) continue;
    const name = visibleName(zone, button);
    if (name && button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
  }
}

/** Gradio draws a zone anew whenever files come and go, so that each is looked at again then. @type {() => void} */
export function nameZones() {
  const waiting = new Set(ZONES);
  const look = () => {
    for (const selector of waiting) {
      const zone = document.querySelector(selector);
      if (!zone) continue;
      waiting.delete(selector);
      new MutationObserver(() => nameZone(zone)).observe(zone, { childList: true, subtree: true });
      nameZone(zone);
    }
    if (waiting.size) setTimeout(look, LOOK_MILLISECONDS);
  };
  look();
}
