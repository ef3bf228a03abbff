// The class cards of panel 1. Names come from visitors: they only ever travel through textContent and value.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function nameField(card) {
  const field = make("input", "name");
  field.value = card.name;
  field.maxLength = 80;
  field.setAttribute("aria-label", `Name of the class ${card.name}`);
  field.addEventListener("change", () => {
    if (field.value.trim() && field.value !== card.name) trigger("rename", { old: card.name, new: field.value });
    else field.value = card.name;
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") field.blur();
    if (event.key === "Escape") {
      field.value = card.name;
      field.blur();
    }
  });
  return field;
}

function deleteButton(card) {
  const button = make("button", "delete", "×");
  button.type = "button";
  button.title = `Delete the class ${card.name}`;
  button.setAttribute("aria-label", button.title);
  button.addEventListener("click", () => trigger("remove", { name: card.name }));
  return button;
}

function cardNode(card) {
  const node = make("div", card.train ? "card" : "card unseen");
  node.setAttribute("role", "listitem");
  const line = make("div", "line");
  line.append(nameField(card), deleteButton(card));
  const strip = make("div", "strip");
  for (const source of card.thumbnails) {
    const image = make("img");
    image.src = source;
    image.alt = "";
    strip.append(image);
  }
  node.append(line, make("div", "count", card.count));
  if (card.thumbnails.length) node.append(strip);
  return node;
}

function draw() {
  const data = JSON.parse(props.value || '{"classes": [], "notes": []}');
  const list = element.querySelector(".cards");
  list.replaceChildren(...data.notes.map((note) => make("p", "note", note)), ...data.classes.map(cardNode));
}

draw();
watch("value", draw);
