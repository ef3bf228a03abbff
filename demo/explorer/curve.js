// alpha as a curve over the histogram of nearest-anchor similarities: where the pictures are, and how much update they get there.

const BINS = 44;
const CURVE_STEPS = 160;
const CURVE_BOX = { left: 26, right: 8, top: 8, bottom: 33 };

function createCurve(root) {
  const svg = root.querySelector(".curve");
  const chart = { svg, data: null, settings: null };
  for (const name of ["grid", "histogram", "curve-marks"]) chart[name] = svg.appendChild(makeSvg("g", name));
  chart.area = chart["curve-marks"].appendChild(makeSvg("path", "alpha-area"));
  chart.line = chart["curve-marks"].appendChild(makeSvg("path", "alpha-line"));
  chart.stem = chart["curve-marks"].appendChild(makeSvg("line", "alpha-stem"));
  chart.dot = chart["curve-marks"].appendChild(makeSvg("circle", "alpha-dot"));
  chart.dot.setAttribute("r", 4.5);
  new ResizeObserver(() => drawChart(chart)).observe(svg.parentElement);
  return {
    show(data) { chart.data = data; chart.low = lowestSimilarity(data); drawChart(chart); },
    move(beta, gamma, similarity) { chart.settings = { beta, gamma, similarity }; drawCurve(chart); },
  };
}

/** The left end of the axis: the least similar picture, rounded down, never so close to 1 that the axis has no width. */
function lowestSimilarity(data) {
  const least = data.images.nearest.reduce((low, value) => Math.min(low, value), 1);
  return Math.max(-1, Math.min(Math.floor(least * 20) / 20, 0.95));
}

function drawChart(chart) {
  if (!chart.data) return;
  chart.width = chart.svg.parentElement.clientWidth;
  chart.height = chart.svg.parentElement.clientHeight;
  if (!chart.width) return;
  chart.svg.setAttribute("viewBox", `0 0 ${chart.width} ${chart.height}`);
  chart.x = (value) => CURVE_BOX.left + ((value - chart.low) / (1 - chart.low)) * (chart.width - CURVE_BOX.left - CURVE_BOX.right);
  chart.y = (value) => chart.height - CURVE_BOX.bottom - value * (chart.height - CURVE_BOX.bottom - CURVE_BOX.top);
  drawGrid(chart);
  drawHistogram(chart);
  drawCurve(chart);
}

function drawGrid(chart) {
  const { left, right } = CURVE_BOX;
  const text = (x, y, label, anchor) => {
    const node = makeSvg("text");
    for (const [name, value] of Object.entries({ x, y, "text-anchor": anchor })) node.setAttribute(name, value);
    node.textContent = label;
    return node;
  };
  const nodes = [0, 0.5, 1].flatMap((value) => {
    const rule = makeSvg("line");
    const y = chart.y(value);
    for (const [name, at] of Object.entries({ x1: left, x2: chart.width - right, y1: y, y2: y })) rule.setAttribute(name, at);
    return [rule, text(left - 6, y + 3.5, String(value).replace(/^0\./, "."), "end")];
  });
  for (const share of [0, 0.5, 1]) {
    const value = chart.low + share * (1 - chart.low);
    nodes.push(text(chart.x(value), chart.height - 19, value.toFixed(2), share === 1 ? "end" : share ? "middle" : "start"));
  }
  const middle = (left + chart.width - right) / 2;
  nodes.push(text(middle, chart.height - 4, "cosine similarity to the nearest anchor", "middle"));
  chart.grid.replaceChildren(...nodes);
}

/** Seen-class pictures below, unseen-class ones stacked above; training pictures are the anchors and would only show as 1. */
function drawHistogram(chart) {
  const { data } = chart;
  const onlyTraining = !data.images.group.some((kind) => kind > 0);
  const counts = [new Uint32Array(BINS), new Uint32Array(BINS)];
  for (let i = 0; i < data.n; i++) {
    if (data.images.group[i] === 0 && !onlyTraining) continue;
    const bin = Math.floor(((data.images.nearest[i] - chart.low) / (1 - chart.low)) * BINS);
    counts[kindOf(data, i) === "unseen" ? 1 : 0][Math.min(Math.max(bin, 0), BINS - 1)]++;
  }
  const top = Math.max(...counts[0].map((count, bin) => count + counts[1][bin]), 1);
  const width = (chart.x(1) - chart.x(chart.low)) / BINS;
  const bars = [];
  for (const [which, name] of ["seen", "unseen"].entries()) {
    counts[which].forEach((count, bin) => {
      if (!count) return;
      const bar = makeSvg("rect", name);
      const floor = which ? counts[0][bin] / top : 0;
      const height = chart.y(0) - chart.y(0.94 * (count / top));
      const values = { x: chart.x(chart.low) + bin * width + 0.5, y: chart.y(0.94 * floor) - height, width: Math.max(width - 1, 1), height };
      for (const [key, value] of Object.entries(values)) bar.setAttribute(key, value);
      bars.push(bar);
    });
  }
  chart.histogram.replaceChildren(...bars);
}

function drawCurve(chart) {
  if (!chart.settings || !chart.x) return;
  const { beta, gamma, similarity } = chart.settings;
  const at = (value) => `${chart.x(value).toFixed(1)},${chart.y(interpolationWeight(value, beta, gamma)).toFixed(1)}`;
  const points = Array.from({ length: CURVE_STEPS + 1 }, (_, step) => at(chart.low + (step / CURVE_STEPS) * (1 - chart.low)));
  chart.line.setAttribute("d", `M${points.join("L")}`);
  chart.area.setAttribute("d", `M${points.join("L")}L${chart.x(1)},${chart.y(0)}L${chart.x(chart.low)},${chart.y(0)}Z`);
  const hidden = similarity === null;
  for (const node of [chart.stem, chart.dot]) node.style.display = hidden ? "none" : "";
  if (hidden) return;
  const [x, y] = at(Math.min(Math.max(similarity, chart.low), 1)).split(",");
  chart.dot.setAttribute("cx", x);
  chart.dot.setAttribute("cy", y);
  for (const [name, value] of Object.entries({ x1: x, x2: x, y1: y, y2: chart.y(0) })) chart.stem.setAttribute(name, value);
}
