// Which colours the theme of the moment has for what is on show, and who of the pictures gets which.

import { FIXED, SAME } from "../model/formula.js";
import { DIMMED } from "../model/selection.js";
import {
  channelsOf, currentTheme, makeChangeColours, makeClassColours, makeRamp, makeSetColours, pageInks, rampIndex,
} from "./colours.js";

/** @import { Numbers, Palettes } from '../../types.d.ts' */
/** @import { State } from "../state.js" */

/**
 * For so many classes, and so many sets that act together.
 * @type {(root: HTMLElement, classes: number, sets: number) => Palettes}
 */
export function makePalettes(root, classes, sets) {
  const [theme, inks] = [currentTheme(), pageInks(root)];
  return {
    inks, mask: channelsOf(inks.mask), ramp: makeRamp(theme), changes: makeChangeColours(theme),
    classes: makeClassColours(classes, theme), sets: makeSetColours(sets, theme),
  };
}

/** @type {(numbers: Numbers, state: State, palettes: Palettes, values: Int32Array | Uint8Array | null) => void} */
export function fillColours({ data, colours, shade, shares, received, changes }, { colouring }, palettes, values) {
  const { inks, ramp, changes: changeColours, classes, sets } = palettes;
  const palette = colouring === "changed" ? changeColours : colouring === "set" ? sets : classes;
  for (let i = 0; i < colours.length; i++) {
    shares[i] = rampIndex(received.images[i]);
    if (shade[i] === DIMMED) colours[i] = changeColours[SAME];
    else if (values) colours[i] = values[i] >= 0 ? palette[values[i]] : changeColours[SAME]; // or it has none
    else if (data.kinds[i] === "train") colours[i] = inks.anchor;
    else colours[i] = changes[i] === FIXED ? changeColours[FIXED] : ramp[shares[i]];
  }
}
