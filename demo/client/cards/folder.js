// A folder becomes a zip in the browser, because an upload field forgets folder names. Nothing is compressed:
// pictures already are. Nothing here knows the page.

/** @import { Found, Limits } from '../types.d.ts' */

/** @typedef {{ path: string, bytes: Uint8Array<ArrayBuffer> }} Entry */

/** So many folders are named. */
const MOST_NAMED = 6;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** @type {(bytes: Uint8Array) => number} */
function crc32(bytes) {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

/**
 * Little-endian numbers given as [width in bytes, value], then the bytes of `tail`.
 * @type {(fields: number[][], tail: Uint8Array) => Uint8Array<ArrayBuffer>}
 */
function record(fields, tail) {
  const length = fields.reduce((sum, [width]) => sum + width, 0);
  const bytes = new Uint8Array(length + tail.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  bytes.set(tail, at);
  return bytes;
}

/**
 * The parts of a zip file of `entries`, [{path, bytes}]; a path that ends with a slash is an empty folder.
 * @type {(entries: Entry[]) => Uint8Array<ArrayBuffer>[]}
 */
function zipParts(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { path, bytes } of entries) {
    const name = new TextEncoder().encode(path);
    const size = bytes.length;
    // version 2.0; names are UTF-8; stored; 1 January 1980, 0:00
    const shared = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21], [4, crc32(bytes)], [4, size], [4, size]];
    const local = record([[4, 0x04034b50], ...shared, [2, name.length], [2, 0]], name);
    const zeros = [[2, 0], [2, 0], [2, 0], [2, 0], [4, 0]]; // extra, comment, disk, attributes
    directory.push(record([[4, 0x02014b50], [2, 20], ...shared, [2, name.length], ...zeros, [4, offset]], name));
    parts.push(local, bytes);
    offset += local.length + size;
  }
  const size = directory.reduce((sum, bytes) => sum + bytes.length, 0);
  const count = entries.length;
  const end = [[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]];
  return [...parts, ...directory, record(end, new Uint8Array(0))];
}

/** Whether systems left it there; `leftovers` is the server's list. @type {(name: string, leftovers: string[]) => boolean} */
export function isLeftover(name, leftovers) {
  return name.startsWith(".") || leftovers.includes(name.toLowerCase());
}

/** Paths as the server takes them. Several chosen folders that only wrap class folders are unwrapped, as it does
    with a single one; two files that then have one path are told apart by a number. */
/** @type {(found: Found[]) => Found[]} */
function withClassPaths(found) {
  const tops = new Set(found.map(({ path }) => path.split("/")[0]));
  const files = found.filter(({ file }) => file).map(({ path }) => path.split("/"));
  const filled = new Set(files.map(([top]) => top));
  const classes = new Set(files.filter((parts) => parts.length < 3).map(([top]) => top));
  const unwrapped = new Set(tops.size > 1 ? [...filled].filter((top) => !classes.has(top)) : []);
  const taken = new Set();
  return found.map(({ path, file }) => {
    const top = path.split("/")[0];
    let short = unwrapped.has(top) ? path.slice(top.length + 1) : path;
    short = short.replaceAll("\\", "_").replace(/^([A-Za-z]):/, "$1 ");
    const dot = short.lastIndexOf(".") > short.lastIndexOf("/") ? short.lastIndexOf(".") : short.length;
    let unique = short;
    if (file) {
      for (let copy = 2; taken.has(unique); copy++) unique = `${short.slice(0, dot)} (${copy})${short.slice(dot)}`;
    }
    taken.add(unique);
    return { path: unique, file };
  });
}

/** Which folders become one set, in a sentence; "" where it is one. @type {(found: Found[]) => string} */
export function readAsOne(found) {
  const inFolders = found.filter(({ path, file }) => !file || path.includes("/"));
  const names = [...new Set(inFolders.map(({ path }) => path.split("/")[0]))];
  if (names.length < 2) return "";
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return `${names.length} folders are read as one set: ${names.slice(0, MOST_NAMED).join(", ")}${more}.`;
}

/** @type {(what: string, most: string | number) => string} */
function over(what, most) {
  return `The folder holds ${what}; the page takes ${most}.`;
}

/** Why these files are not worth packing, or "". @type {(found: Found[], limits: Limits) => string} */
export function whyNotPackable(found, limits) {
  const files = found.filter(({ file }) => file);
  /** @type {(one: Found) => boolean} */
  const isPicture = ({ path }) => limits.suffixes.some((suffix) => path.toLowerCase().endsWith(suffix));
  const pictures = files.filter(isPicture);
  const bytes = found.reduce((sum, { file }) => sum + (file ? file.size : 0), 0);
  const classes = new Set(pictures.map(({ path }) => path.split("/").at(-2)));
  if (!pictures.length) return "There is no picture in that folder.";
  if (pictures.length > limits.pictures) return over(`${pictures.length} pictures`, limits.pictures);
  if (classes.size > limits.classes) return over(`${classes.size} classes`, limits.classes);
  if (bytes > limits.bytes) return over(`${Math.ceil(bytes / 2 ** 20)} MB`, `${limits.bytes >> 20} MB at a time`);
  if (found.length > limits.files) return over(`${found.length} files`, `${limits.files} at a time`);
  return "";
}

/**
 * One File, a zip of [{path, file or null for an empty folder}].
 * @type {(found: Found[], name: string) => Promise<File>}
 */
export async function zipOf(found, name) {
  /** @type {Entry[]} */
  const entries = [];
  for (const { path, file } of withClassPaths(found)) {
    const bytes = new Uint8Array(file ? await file.arrayBuffer() : new ArrayBuffer(0));
    entries.push({ path: file ? path : `${path}/`, bytes });
  }
  return new File(zipParts(entries), `${name}.zip`, { type: "application/zip" });
}

/** @type {(entry: FileSystemEntry) => entry is FileSystemFileEntry} */
function isFile(entry) {
  return entry.isFile;
}

/** @type {(entry: FileSystemEntry) => entry is FileSystemDirectoryEntry} */
function isFolder(entry) {
  return entry.isDirectory;
}

/**
 * What people put into dropped files and folders (FileSystemEntry), as [{path, file}]; stops after 20,000.
 * @type {(entries: FileSystemEntry[], leftovers: string[], prefix?: string, found?: Found[]) => Promise<Found[]>}
 */
export async function readEntries(entries, leftovers, prefix = "", found = []) {
  for (const entry of entries) {
    if (isLeftover(entry.name, leftovers) || found.length > 20000) continue;
    const path = prefix + entry.name;
    if (isFile(entry)) {
      found.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
      continue;
    }
    if (!isFolder(entry)) continue;
    const before = found.length;
    const reader = entry.createReader();
    for (;;) {
      /** @type {FileSystemEntry[]} */
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) break;
      await readEntries(some, leftovers, `${path}/`, found);
    }
    if (found.length === before) found.push({ path, file: null });
  }
  return found;
}
