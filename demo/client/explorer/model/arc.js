// A walk from an anchor to a picture or a class text: the score of one class on the way, frozen, fully updated, and
// localized. The points come from the server once; the curves are the explorer's own formula on them.

/** A walk message with its arrays decoded; T points, C classes. */
function decodeWalk(payload) {
  const floats = (value) => (typeof value === "string" ? decodeFloats(value) : Float32Array.from(value));
  const side = (part) => ({ nearest: floats(part.nearest), uv: floats(part.uv) });
  return {
    t: Array.from(payload.t),
    images: side(payload.images), classes: side(payload.classes),
    scores: Object.fromEntries(["uu", "vu", "uv", "vv"].map((name) => [name, floats(payload.scores[name])])),
  };
}

function walkWeights(nearest, uv, beta, gamma) {
  const array = () => new Float64Array(nearest.length);
  const weights = { alpha: array(), keep: array(), take: array() };
  interpolationMask(weights.alpha, nearest, beta, gamma);
  mixingWeights(weights.keep, weights.take, weights.alpha, uv);
  return weights;
}

/** Along the walk, for class k: the three scores (cosines), alpha of the points and of the class text. */
function walkCurves(walk, k, beta, gamma) {
  const { uu, vu, uv, vv } = walk.scores;
  const points = walk.t.length;
  const classes = walk.classes.nearest.length;
  const images = walkWeights(walk.images.nearest, walk.images.uv, beta, gamma);
  const text = walkWeights(walk.classes.nearest.subarray(k, k + 1), walk.classes.uv.subarray(k, k + 1), beta, gamma);
  const [alpha, classAlpha] = [Array.from(images.alpha), text.alpha[0]];
  const curves = { original: [], updated: [], localized: [], alpha, classAlpha };
  for (let i = 0, at = k; i < points; i++, at += classes) {
    const mixed = (kept, taken) => images.keep[i] * kept[at] + images.take[i] * taken[at];
    curves.original.push(uu[at]);
    curves.updated.push(vv[at]);
    curves.localized.push(text.keep[0] * mixed(uu, vu) + text.take[0] * mixed(uv, vv));
  }
  return curves;
}

/** Walks are kept by their ends: one is asked for once, and an answer to an older wish is found when wished again. */
function walkKey(anchor, { kind, index }) {
  return `${anchor}:${kind}:${index}`;
}

/** Heights at least `gap` apart, as near to the wanted ones as their order allows, none below `bottom`. */
function spreadLabels(heights, gap, top, bottom) {
  const order = heights.map((y, at) => ({ y, at })).sort((a, b) => a.y - b.y);
  order.forEach((label, rank) => { label.y = Math.max(label.y, rank ? order[rank - 1].y + gap : top); });
  for (let rank = order.length - 1; rank >= 0; rank--) {
    order[rank].y = Math.min(order[rank].y, rank === order.length - 1 ? bottom : order[rank + 1].y - gap);
  }
  const out = new Array(heights.length);
  for (const { y, at } of order) out[at] = y;
  return out;
}

/** The picture's nearest anchor, or, if the picture is that anchor itself, one of another class. */
function defaultAnchor(data, picture) {
  const { label, image } = data.anchors;
  if (!label.length) return -1;
  const nearest = picture >= 0 ? data.images.nearestAnchor[picture] : 0;
  if (nearest < 0) return 0;
  if (picture < 0 || image[nearest] !== picture) return nearest;
  const other = label.findIndex((one) => one !== label[nearest]);
  return other >= 0 ? other : nearest;
}
