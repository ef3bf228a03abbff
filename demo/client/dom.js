// Small pieces of page. User text (class and file names) enters through textContent and title only, never as markup.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/**
 * A button that is no submit button; `label` is what it does, where its text alone does not say so.
 * @type {(className: string, text?: string, onClick?: () => void, label?: string) => HTMLButtonElement}
 */
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

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 */
export function makeSvg(tag, className) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (className) node.setAttribute("class", className);
  return node;
}

/** @type {<T extends Element>(node: T, values: Record<string, string | number>) => T} */
export function setAttributes(node, values) {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, String(value));
  return node;
}

/** @type {(x: number, y: number, text: string, anchor: string, className?: string) => SVGTextElement} */
export function makeSvgText(x, y, text, anchor, className) {
  const node = setAttributes(makeSvg("text", className), { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

/** Writing the same text again would still cost a layout. @type {(node: Element, text: string) => void} */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @type {(node: HTMLElement, text: string) => void} */
export function setName(node, text) {
  setText(node, text);
  if (node.title !== text) node.title = text;
}

/** @type {(button: Element, pressed: boolean) => void} */
export function setPressed(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

/**
 * The element within `root` that a selector finds; an Error where there is none, or one of another kind.
 * @type {<T extends Element>(kind: new () => T, root: ParentNode, selector: string) => T}
 */
export function findA(kind, root, selector) {
  const node = root.querySelector(selector);
  if (node instanceof kind) return node;
  throw new Error(`The page has no ${selector} that is an ${kind.name}.`);
}

/** @type {(root: ParentNode, selector: string) => HTMLElement} */
export function find(root, selector) {
  return findA(HTMLElement, root, selector);
}

/**
 * The elements within `root` that have these classes, by class; `prefix` is what the classes begin with there.
 * @type {<K extends string>(root: ParentNode, names: K[], prefix?: string) => Record<K, HTMLElement>}
 */
export function findParts(root, names, prefix = "") {
  return Object.assign({}, ...names.map((name) => ({ [name]: find(root, `.${prefix}${name}`) })));
}

/**
 * The element that fits, of those around the target of an event.
 * @type {(event: Event, selector: string) => HTMLElement | null}
 */
export function around({ target }, selector) {
  return target instanceof Element ? target.closest(selector) : null;
}

/** @type {(canvas: HTMLCanvasElement) => CanvasRenderingContext2D} */
export function penOf(canvas) {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("This browser gives no canvas to draw on.");
  return pen;
}

/**
 * A row of buttons of which one is pressed; `choose(value)` gets its data-value, one of `values`.
 * @type {<V extends string>(group: Element, values: V[], choose: (value: V) => void) => void}
 */
export function wireSegments(group, values, choose) {
  const buttons = [...group.querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) setPressed(other, other === button);
      const value = values.find((one) => one === button.dataset.value);
      if (value) choose(value);
    });
  }
}
