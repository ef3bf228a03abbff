// Where the pictures are on the map, from how the server laid them out.

import { normalisePlaces } from "./payload.js";

/** @import { Data, Filter } from '../../types.d.ts' */

/** Pictures elsewhere have room on the map while they are shown. @type {(data: Data, filter: Filter) => void} */
export function placeAnew(data, { kinds }) {
  data.places = normalisePlaces(data.laid, data.images.group, !kinds.has("elsewhere"));
}

/** Into the same arrays, which the map holds. @type {(data: Data, filter: Filter) => void} */
export function placeAgain(data, filter) {
  const { images } = data.places;
  placeAnew(data, filter);
  images.x.set(data.places.images.x);
  images.y.set(data.places.images.y);
  data.places.images = images;
}
