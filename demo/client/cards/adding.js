// Pictures that are chosen or dropped here travel through the page's own upload field, so that there is one way in.

import { around, find, findA } from "../dom.js";
import { isLeftover, readAsOne, readEntries, whyNotPackable, zipOf } from "./folder.js";
import { say } from "./state.js";

/** @import { CardsState, Found } from '../types.d.ts' */

/** @type {(bytes: number) => string} */
function megabytes(bytes) {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

/**
 * Put files into the upload field, as if chosen there; `className` is the class of those that are no zip; `news` is said
 * of them.
 * @type {(state: CardsState, files: File[], className?: string, news?: string) => void}
 */
function handOver(state, files, className, news = "") {
  /** @type {HTMLInputElement | null} */
  const field = document.querySelector("#drop input[type=file]");
  if (!field) return say(state, "Other files are still on their way, or wait above for an answer.");
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const most = state.data.limits;
  const size = `${megabytes(bytes)} together; the page takes ${megabytes(most.bytes)} at a time`;
  if (bytes > most.bytes) return say(state, `The files are ${size}.`);
  if (files.length > most.pictures) {
    return say(state, `${files.length} files; the page takes ${most.pictures} pictures.`);
  }
  say(state, news);
  /** @type {HTMLInputElement | HTMLTextAreaElement | null} */
  const name = document.querySelector("#drop-class textarea, #drop-class input");
  if (name && className !== undefined) {
    name.value = className;
    name.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const carrier = new DataTransfer();
  for (const file of files) carrier.items.add(file);
  field.files = carrier.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/**
 * Pack what was found in folders and hand it over; the answer to a folder that is too large is a sentence.
 * @type {(state: CardsState, found: Found[]) => Promise<void>}
 */
async function handOverFolder(state, found) {
  const reason = whyNotPackable(found, state.data.limits);
  if (reason) return say(state, reason);
  const tops = new Set(found.map(({ path }) => path.split("/")[0]));
  say(state, `Packing ${found.length} files …`);
  try {
    handOver(state, [await zipOf(found, tops.size === 1 ? [...tops][0] : "folders")], undefined, readAsOne(found));
  } catch (error) {
    sayUnreadable(state, error);
  }
}

/** @type {(state: CardsState, entries: FileSystemEntry[]) => Promise<void>} */
async function handOverEntries(state, entries) {
  say(state, "Reading the folder …");
  try {
    await handOverFolder(state, await readEntries(entries, state.data.limits.leftovers));
  } catch (error) {
    sayUnreadable(state, error);
  }
}

/** @type {(state: CardsState, error: unknown) => void} */
function sayUnreadable(state, error) {
  say(state, `The folder cannot be read (${error instanceof Error ? error.message : error}).`);
}

/**
 * The dropped entries if a folder is among them, else null; must be asked while the event lasts.
 * @type {(event: DragEvent) => FileSystemEntry[] | null}
 */
function droppedFolders(event) {
  const entries = [...(event.dataTransfer?.items ?? [])].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  return entries.some((entry) => entry.isDirectory) ? entries : null;
}

/** @type {(state: CardsState, event: DragEvent) => void} */
function takeDrop(state, event) {
  const card = around(event, ".card");
  event.preventDefault();
  markTarget(state, null);
  const folders = droppedFolders(event);
  const files = [...(event.dataTransfer?.files ?? [])];
  const zips = files.length && files.every((file) => file.name.toLowerCase().endsWith(".zip"));
  if (folders) handOverEntries(state, folders);
  else if (zips) handOver(state, files);
  else if (state.data.fixed) {
    say(state, "A set of embeddings takes no pictures; drop a folder or a zip to begin another set.");
  } else if (card) handOver(state, files, card.dataset.name);
  else say(state, "Drop pictures on the card of their class; a folder or a zip may be dropped anywhere.");
}

/** @type {(state: CardsState, card: Element | null) => void} */
function markTarget(state, card) {
  const marked = state.element.querySelectorAll(".card.target");
  for (const node of marked) if (node !== card) node.classList.remove("target");
  card?.classList.add("target");
}

/** @type {(state: CardsState, className: string) => void} */
export function choosePictures(state, className) {
  const picker = findA(HTMLInputElement, state.element, ".picker");
  picker.accept = state.data.limits.suffixes.join(",");
  picker.value = "";
  picker.onchange = () => {
    const files = [...(picker.files ?? [])];
    if (files.length) handOver(state, files, className);
  };
  picker.click();
}

/** @type {(state: CardsState) => void} */
export function chooseFolder(state) {
  const picker = findA(HTMLInputElement, state.element, ".folder-picker");
  picker.value = "";
  picker.onchange = () => {
    const all = [...(picker.files ?? [])].map((file) => ({ path: file.webkitRelativePath, file }));
    const { leftovers } = state.data.limits;
    const found = all.filter(({ path }) => !path.split("/").some((name) => isLeftover(name, leftovers)));
    if (all.length) handOverFolder(state, found);
  };
  picker.click();
}

/** @type {(event: DragEvent) => boolean} */
function hasFiles(event) {
  return Boolean(event.dataTransfer?.types.includes("Files"));
}

/** Ends the listening of cards that were mounted before. */
let folderDrops = new AbortController();

/** @type {(state: CardsState) => void} */
export function listenForFiles(state) {
  const set = find(state.element, ".set");
  set.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    markTarget(state, state.data.fixed ? null : around(event, ".card"));
  });
  set.addEventListener("dragleave", (event) => {
    const to = event.relatedTarget;
    if (!(to instanceof Node && set.contains(to))) markTarget(state, null);
  });
  set.addEventListener("drop", (event) => { if (hasFiles(event)) takeDrop(state, event); });
  // The upload field would flatten a folder: such a drop is taken before the field sees it.
  folderDrops.abort();
  folderDrops = new AbortController();
  /** @type {(event: DragEvent) => void} */
  const onField = (event) => {
    if (!around(event, "#drop") || !hasFiles(event)) return;
    const folders = droppedFolders(event);
    if (!folders) return;
    event.preventDefault();
    event.stopPropagation();
    handOverEntries(state, folders);
  };
  document.addEventListener("drop", onField, { capture: true, signal: folderDrops.signal });
}
