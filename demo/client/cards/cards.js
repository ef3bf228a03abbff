// The class cards of panel 1: what the payload says, drawn so that cards that stay the same stay untouched.

function nameField(card) {
  const field = make("input", "name");
  field.value = card.name;
  field.title = card.name;
  field.maxLength = state.data.limits.name;
  field.dataset.spot = `name ${card.name}`;
  field.setAttribute("aria-label", `Name of the class ${card.name}`);
  field.addEventListener("change", () => {
    const name = tidyName(field.value);
    if (name === card.name || !name) return (field.value = card.name);
    const reason = hasClass(name) ? `There is already a class called ${name}.` : whyNotAName(name);
    say(reason);
    if (reason) return (field.value = card.name);
    if (state.whole.delete(card.name)) state.whole.add(name);
    state.next = [`name ${name}`];
    trigger("rename", { old: card.name, new: name });
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.value = card.name; // Enter is a change to the browser already
  });
  return field;
}

function deleteButton(card) {
  const button = makeButton("delete", "×", `Delete the class ${card.name}`, () => {
    const names = state.data.classes.map(({ name }) => name);
    const at = names.indexOf(card.name);
    state.next = [names[at + 1], names[at - 1]].filter(Boolean).map((name) => `delete ${name}`);
    trigger("remove", { name: card.name });
  });
  button.dataset.spot = `delete ${card.name}`;
  return button;
}

function addButton(card) {
  const choose = () => choosePictures(card.name);
  const button = makeButton("plain add", "+ add", `Add pictures to ${card.name}`, choose);
  button.dataset.spot = `add ${card.name}`;
  return button;
}

function cardNode(card, fixed) {
  const node = make("div", card.train ? "card" : "card unseen");
  node.setAttribute("role", "listitem");
  node.dataset.name = card.name;
  const line = make("div", "line");
  const foot = make("div", "line");
  foot.append(make("div", "count", card.count));
  if (fixed) {
    line.append(make("div", "name", card.name));
    line.firstChild.title = card.name;
  } else {
    line.append(nameField(card), deleteButton(card));
    foot.append(addButton(card));
  }
  node.append(line, foot);
  if (card.pictures.length || card.more) node.append(...stripNodes(card));
  return node;
}

/** Make `nodes` the children of `list`; those that stay are not moved, so that they keep focus and open bar. */
function setChildren(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, i) => list.children[i] === node || list.insertBefore(node, list.children[i] || null));
}

function topNodes(data) {
  const nodes = [];
  if (data.changed) nodes.push(make("span", "badge", "Changed since training"));
  if (data.undo) {
    const button = makeButton("plain undo", "Undo", `Undo: ${data.undo}`, () => trigger("undo", {}));
    button.dataset.spot = "undo";
    button.append(make("span", "what", data.undo));
    nodes.push(button);
  }
  return nodes;
}

let drawn = new Map();

function draw() {
  const data = JSON.parse(props.value);
  const focus = rememberFocus();
  state.data = data;
  element.querySelector(".top").replaceChildren(...topNodes(data));
  const notes = element.querySelector(".notes");
  notes.replaceChildren(...data.notes.map((note) => make("p", "note", note)));
  notes.hidden = !data.notes.length;
  element.querySelector(".set").classList.toggle("fixed", data.fixed);
  const before = drawn;
  drawn = new Map();
  for (const card of data.classes) {
    const text = JSON.stringify([card, data.fixed]);
    const node = before.get(text) || cardNode(card, data.fixed);
    drawn.set(text, node);
    const field = node.querySelector("input.name");
    if (field && field !== focus?.node) field.value = card.name; // a name that the server refused
  }
  setChildren(element.querySelector(".cards"), [...drawn.values()]);
  restoreFocus(focus);
}

function createClass(event) {
  event.preventDefault();
  const field = element.querySelector(".new-name");
  const name = tidyName(field.value);
  const reason = hasClass(name) ? `There is already a class called ${name}.` : whyNotAName(name);
  say(reason);
  if (reason) return field.focus();
  trigger("create", { name });
  field.value = "";
}

element.querySelector(".create").addEventListener("submit", createClass);
element.querySelector(".pick-folder").addEventListener("click", chooseFolder);
listenForFiles();
draw();
watch("value", draw);
