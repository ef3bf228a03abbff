// Numbers as the server sends them, in base64, to typed arrays.

/** @import { Near, Parts, Scores } from '../../types.d.ts' */

/** Little-endian float32 numbers from base64. @type {(text: string) => Float32Array<ArrayBuffer>} */
export function decodeFloats(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

/** Without class statistics these are null. @type {(scores: Scores<string>) => Scores} */
export function decodeScores({ uu, vu, uv, vv, statistics }) {
  return {
    uu: decodeFloats(uu), vu: decodeFloats(vu), uv: decodeFloats(uv), vv: decodeFloats(vv),
    statistics: statistics ? decodeFloats(statistics) : null,
  };
}

/** @type {(near: Near<string>) => Near} */
export function decodeNear({ nearest, uv }) {
  return { nearest: decodeFloats(nearest), uv: decodeFloats(uv) };
}

/** Room for what several sets have of `count` points, by who of them acts. @type {(count: number) => Near} */
export function roomNear(count) {
  return { nearest: new Float32Array(count), uv: new Float32Array(count).fill(1) };
}

/** The scores of several sets while none acts: the frozen model's. @type {(parts: Parts) => Scores} */
export function frozenScores({ products: [uu] }) {
  return { uu, vu: uu, uv: uu, vv: uu, statistics: null };
}
