// Small pieces of page. User text (class and file names) enters through textContent and title only, never as markup.

export function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** A button that is no submit button; `label` is what it does, where its text alone does not say so. */
export function makeButton(className, text, onClick, label = "") {
  const button = make("button", className, text);
  button.type = "button";
  if (label) {
    button.title = label;
    button.setAttribute("aria-label", label);
  }
  if (onClick) button.addEventListener("click", onClick);
  return button;
}

export function makeSvg(tag, className) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (className) node.setAttribute("class", className);
  return node;
}

export function setAttributes(node, values) {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
  return node;
}

/** Writing the same text again would still cost a layout. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setName(node, text) {
  setText(node, text);
  if (node.title !== text) node.title = text;
}

/** A row of buttons of which one is pressed; `choose(value)` gets its data-value. */
export function wireSegments(group, choose) {
  const buttons = [...group.querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(button.dataset.value);
    });
  }
}
