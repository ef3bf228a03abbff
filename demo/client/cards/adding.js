// Pictures that are chosen or dropped here travel through the page's own upload field, so that there is one way in.

import { isHiddenName, readEntries, whyNotPackable, zipOf } from "./folder.js";
import { say } from "./state.js";

function megabytes(bytes) {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

/** Put files into the upload field, as if chosen there; `className` is the class of those that are no zip. */
function handOver(state, files, className) {
  const field = document.querySelector("#drop input[type=file]");
  if (!field) return say(state, "An upload is still under way; try again when it has ended.");
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const most = state.data.limits;
  const size = `${megabytes(bytes)} together; the page takes ${megabytes(most.bytes)} at a time`;
  if (bytes > most.bytes) return say(state, `The files are ${size}.`);
  if (files.length > most.pictures) {
    return say(state, `${files.length} files; the page takes ${most.pictures} pictures.`);
  }
  say(state, "");
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

/** Pack what was found in folders and hand it over; the answer to a folder that is too large is a sentence. */
async function handOverFolder(state, found) {
  const reason = whyNotPackable(found, state.data.limits);
  if (reason) return say(state, reason);
  const tops = new Set(found.map(({ path }) => path.split("/")[0]));
  say(state, `Packing ${found.length} files …`);
  try {
    handOver(state, [await zipOf(found, tops.size === 1 ? [...tops][0] : "folders")]);
  } catch (error) {
    say(state, `The folder cannot be read (${error.message}).`);
  }
}

async function handOverEntries(state, entries) {
  say(state, "Reading the folder …");
  try {
    await handOverFolder(state, await readEntries(entries));
  } catch (error) {
    say(state, `The folder cannot be read (${error.message}).`);
  }
}

/** The dropped entries if a folder is among them, else null; must be asked while the event lasts. */
function droppedFolders(event) {
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some((entry) => entry.isDirectory) ? entries : null;
}

function takeDrop(state, event) {
  const card = event.target.closest(".card");
  event.preventDefault();
  markTarget(state, null);
  const folders = droppedFolders(event);
  const files = [...event.dataTransfer.files];
  const zips = files.length && files.every((file) => file.name.toLowerCase().endsWith(".zip"));
  if (folders) handOverEntries(state, folders);
  else if (zips) handOver(state, files);
  else if (state.data.fixed) {
    say(state, "A set of embeddings takes no pictures; drop a folder or a zip to begin another set.");
  } else if (card) handOver(state, files, card.dataset.name);
  else say(state, "Drop pictures on the card of their class; a folder or a zip may be dropped anywhere.");
}

function markTarget(state, card) {
  const marked = state.element.querySelectorAll(".card.target");
  for (const node of marked) if (node !== card) node.classList.remove("target");
  card?.classList.add("target");
}

export function choosePictures(state, className) {
  const picker = state.element.querySelector(".picker");
  picker.accept = state.data.limits.suffixes.join(",");
  picker.value = "";
  picker.onchange = () => picker.files.length && handOver(state, [...picker.files], className);
  picker.click();
}

export function chooseFolder(state) {
  const picker = state.element.querySelector(".folder-picker");
  picker.value = "";
  picker.onchange = () => {
    const all = [...picker.files].map((file) => ({ path: file.webkitRelativePath, file }));
    const found = all.filter(({ path }) => !path.split("/").some(isHiddenName));
    if (picker.files.length) handOverFolder(state, found);
  };
  picker.click();
}

/** Ends the listening of cards that were mounted before. */
let folderDrops = null;

export function listenForFiles(state) {
  const set = state.element.querySelector(".set");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  set.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    markTarget(state, state.data.fixed ? null : event.target.closest(".card"));
  });
  set.addEventListener("dragleave", (event) => set.contains(event.relatedTarget) || markTarget(state, null));
  set.addEventListener("drop", (event) => hasFiles(event) && takeDrop(state, event));
  // The upload field would flatten a folder: such a drop is taken before the field sees it.
  folderDrops?.abort();
  folderDrops = new AbortController();
  const onField = (event) => {
    if (!event.target.closest?.("#drop") || !hasFiles(event)) return;
    const folders = droppedFolders(event);
    if (!folders) return;
    event.preventDefault();
    event.stopPropagation();
    handOverEntries(state, folders);
  };
  document.addEventListener("drop", onField, { capture: true, signal: folderDrops.signal });
}
