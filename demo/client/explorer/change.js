// What kind of change the state tells of.

/** Another data set is there, or none any more. */
export const DATA = "data";
/** The pictures have other places on the map. */
export const PLACES = "places";
/** A slider is under the hand; many more such changes may follow. */
export const MOVING = "moving";
/** The live picture is another one; many more may follow. */
export const LIVE = "live";
/** Class statistics count, or count no more: every answer may be another one. */
export const SWITCHED = "switched";
/** Something else that is on show has changed. */
export const CHANGED = "changed";
/** The hand has let go; what is on show is as it was. */
export const RELEASED = "released";
/** Another tab is open. */
export const TURNED = "turned";
/** A step of the lesson is to be begun, be it the one that is open. */
export const STEPPED = "stepped";
