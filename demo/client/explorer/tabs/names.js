// The tabs under the map, in their order.

/** @import { TabName } from '../../types.d.ts' */

/** @type {TabName[]} */
export const TAB_NAMES = ["changed", "confusion", "plane", "walk", "methods", "table", "how"];
