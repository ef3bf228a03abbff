// Small pieces of page. User text (class and file names) enters through textContent and title only, never as markup.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function makeSvg(tag, className) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (className) node.setAttribute("class", className);
  return node;
}

function setAttributes(node, values) {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
  return node;
}

/** Writing the same text again would still cost a layout. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setName(node, text) {
  setText(node, text);
  if (node.title !== text) node.title = text;
}

/** The sprite sheet as a blob: hundreds of thumbnails share one decoded picture instead of a long data address each. */
function openSheet(thumbnails, n, onReady) {
  if (!thumbnails) return null;
  const [header, body] = thumbnails.sheet.split(",", 2);
  const raw = atob(body);
  const bytes = Uint8Array.from({ length: raw.length }, (_, i) => raw.charCodeAt(i));
  const type = header.slice(5).split(";")[0];
  const sheet = { url: URL.createObjectURL(new Blob([bytes], { type })), columns: thumbnails.columns };
  sheet.rows = Math.ceil(n / thumbnails.columns);
  const picture = new Image();
  picture.onload = () => {
    sheet.rows = Math.round(picture.naturalHeight / thumbnails.tile);
    onReady();
  };
  picture.src = sheet.url;
  return sheet;
}

/** Show tile `index` of the sheet, or a lettered plate where there is no picture. */
function paintThumb(node, sheet, index, fallback = "") {
  if (!sheet || index < 0) {
    node.style.backgroundImage = "";
    node.classList.add("plate");
    return setText(node, fallback.slice(0, 1).toUpperCase());
  }
  const column = index % sheet.columns;
  const row = Math.floor(index / sheet.columns);
  const percent = (at, count) => (count > 1 ? (100 * at) / (count - 1) : 0);
  node.classList.remove("plate");
  setText(node, "");
  node.style.backgroundImage = `url("${sheet.url}")`;
  node.style.backgroundSize = `${100 * sheet.columns}% ${100 * sheet.rows}%`;
  node.style.backgroundPosition = `${percent(column, sheet.columns)}% ${percent(row, sheet.rows)}%`;
}

/** .0426 rather than 0.0426: three digits that mean something. */
function formatWeight(value) {
  if (value === 0) return "0";
  if (value < 0.0005) return "<.001";
  return value >= 0.9995 ? "1" : value.toFixed(3).replace(/^0/, "");
}

function formatPercent(probability) {
  const percent = 100 * probability;
  if (percent > 0 && percent < 0.5) return "<1";
  return percent < 100 && percent > 99.5 ? ">99" : percent.toFixed(0);
}

function formatGamma(gamma) {
  return gamma === Infinity ? "\u221e" : String(Number(gamma.toPrecision(4)));
}

function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return `\u00b1${text}`;
  return (value > 0 ? "+" : "\u2212") + text;
}
