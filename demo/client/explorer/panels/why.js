// Why the answer is what it is: the lead of one class over another, split into what the image update and what the text
// update did to it.

const WHY_ROOM = 1;

function createWhy(root) {
  const node = root.querySelector(".why");
  const part = (name) => node.querySelector(`.${name}`);
  const row = (name) => {
    const line = part(`why-${name}`);
    return { bar: line.querySelector(".why-bar"), number: line.querySelector(".why-number") };
  };
  const parts = { image: row("image"), text: row("text") };
  for (const name of ["title", "names", "ends"]) parts[name] = part(`why-${name}`);
  return {
    /** `why`: explainMargin's result or null; `names`: {lead, rival}; `changed`: whether the answer changed. */
    show(why, names, changed) {
      node.hidden = why === null;
      if (why !== null) showWhy(node, parts, why, names, changed);
    },
  };
}

function showWhy(node, parts, why, { lead, rival }, changed) {
  setName(parts.title, changed ? `Why ${lead}, not ${rival}` : `Why still ${lead}, not ${rival}`);
  const room = Math.max(Math.abs(why.image), Math.abs(why.text), WHY_ROOM);
  for (const side of ["image", "text"]) {
    const value = why[side];
    parts[side].bar.style.transform = `scaleX(${(value / room).toFixed(4)})`;
    parts[side].bar.classList.toggle("against", value < 0);
    setText(parts[side].number, signed(value));
  }
  setName(parts.names, `lead of ${lead} over ${rival}`);
  setText(parts.ends, `${signed(why.from)} \u2192 ${signed(why.to)}`);
  const spoken = [`Why: score of ${lead} minus score of ${rival}.`, `Without an update ${signed(why.from)},`,
    `now ${signed(why.to)}.`, `Image update ${signed(why.image)}, text update ${signed(why.text)}.`].join(" ");
  if (node.getAttribute("aria-label") !== spoken) node.setAttribute("aria-label", spoken);
}
