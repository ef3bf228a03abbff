// Pictures that are chosen or dropped here travel through the page's own upload field, so that there is one way in.

function megabytes(bytes) {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

/** Put files into the upload field, as if chosen there; `className` is the class of those that are no zip. */
function handOver(files, className) {
  const field = document.querySelector("#drop input[type=file]");
  if (!field) return say("An upload is still under way; try again when it has ended.");
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const most = state.data.limits;
  const size = `${megabytes(bytes)} together; the page takes ${megabytes(most.bytes)} at a time`;
  if (bytes > most.bytes) return say(`The files are ${size}.`);
  if (files.length > most.pictures) return say(`${files.length} files; the page takes ${most.pictures} pictures.`);
  say("");
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
async function handOverFolder(found) {
  const reason = whyNotPackable(found, state.data.limits);
  if (reason) return say(reason);
  const tops = new Set(found.map(({ path }) => path.split("/")[0]));
  say(`Packing ${found.length} files …`);
  try {
    handOver([await zipOf(found, tops.size === 1 ? [...tops][0] : "folders")]);
  } catch (error) {
    say(`The folder cannot be read (${error.message}).`);
  }
}

async function handOverEntries(entries) {
  say("Reading the folder …");
  try {
    await handOverFolder(await readEntries(entries));
  } catch (error) {
    say(`The folder cannot be read (${error.message}).`);
  }
}

/** The dropped entries if a folder is among them, else null; must be asked while the event lasts. */
function droppedFolders(event) {
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some((entry) => entry.isDirectory) ? entries : null;
}

function takeDrop(event) {
  const card = event.target.closest(".card");
  event.preventDefault();
  markTarget(null);
  const folders = droppedFolders(event);
  const files = [...event.dataTransfer.files];
  const zips = files.length && files.every((file) => file.name.toLowerCase().endsWith(".zip"));
  if (folders) handOverEntries(folders);
  else if (zips) handOver(files);
  else if (state.data.fixed) say("A set of embeddings takes no pictures; drop a folder or a zip to begin another set.");
  else if (card) handOver(files, card.dataset.name);
  else say("Drop pictures on the card of their class; a folder or a zip may be dropped anywhere.");
}

function markTarget(card) {
  for (const node of element.querySelectorAll(".card.target")) if (node !== card) node.classList.remove("target");
  card?.classList.add("target");
}

function choosePictures(className) {
  const picker = element.querySelector(".picker");
  picker.accept = state.data.limits.suffixes.join(",");
  picker.value = "";
  picker.onchange = () => picker.files.length && handOver([...picker.files], className);
  picker.click();
}

function chooseFolder() {
  const picker = element.querySelector(".folder-picker");
  picker.value = "";
  picker.onchange = () => {
    const all = [...picker.files].map((file) => ({ path: file.webkitRelativePath, file }));
    const found = all.filter(({ path }) => !path.split("/").some(isHiddenName));
    if (picker.files.length) handOverFolder(found);
  };
  picker.click();
}

function listenForFiles() {
  const set = element.querySelector(".set");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  set.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    markTarget(state.data.fixed ? null : event.target.closest(".card"));
  });
  set.addEventListener("dragleave", (event) => set.contains(event.relatedTarget) || markTarget(null));
  set.addEventListener("drop", (event) => hasFiles(event) && takeDrop(event));
  // The upload field would flatten a folder: such a drop is taken before the field sees it.
  window.lluFolderDrops?.abort();
  window.lluFolderDrops = new AbortController();
  const onField = (event) => {
    if (!event.target.closest?.("#drop") || !hasFiles(event)) return;
    const folders = droppedFolders(event);
    if (!folders) return;
    event.preventDefault();
    event.stopPropagation();
    handOverEntries(folders);
  };
  document.addEventListener("drop", onField, { capture: true, signal: window.lluFolderDrops.signal });
}
