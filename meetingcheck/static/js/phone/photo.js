// A photo before it is sent: when it was taken, smaller, and its SHA-256. At most one is decoded at a time.

const HEAD_BYTES = 131072;
const EDGES = { overview: 2048 };
const PAGE_EDGE = 2560; // handwriting has to stay readable
const THUMB_EDGE = 240;
const QUALITY = 0.82;
const LOCAL_ZONE = "+07:00";
const EXIF_POINTER = 0x8769;
const TAKEN = 0x9003;
const TAKEN_ZONE = 0x9011;

let line = Promise.resolve();

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export async function sha256Of(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// When the camera says that it took the photo, as an ISO instant; "" when it says nothing that can be read.
export async function takenAt(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    const start = findExif(bytes);
    return start < 0 ? "" : readTaken(new DataView(bytes.buffer, start));
  } catch (error) {
    return ""; // cut off or broken: as good as none
  }
}

function findExif(bytes) {
  const mark = [0x45, 0x78, 0x69, 0x66, 0, 0];
  for (let at = 0; at < bytes.length - mark.length; at += 1) {
    if (mark.every((byte, index) => bytes[at + index] === byte)) return at + mark.length;
  }
  return -1;
}

function readTaken(view) {
  const little = view.getUint16(0) === 0x4949;
  const main = entries(view, view.getUint32(4, little), little);
  if (!main.has(EXIF_POINTER)) return "";
  const details = entries(view, view.getUint32(main.get(EXIF_POINTER) + 8, little), little);
  const found = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(text(view, details.get(TAKEN), little));
  if (!found) return "";
  const zone = /^[+-]\d\d:\d\d$/.exec(text(view, details.get(TAKEN_ZONE), little));
  return `${found[1]}-${found[2]}-${found[3]}T${found[4]}${zone ? zone[0] : LOCAL_ZONE}`;
}

function entries(view, start, little) {
  const found = new Map();
  const count = view.getUint16(start, little);
  for (let index = 0; index < count; index += 1) {
    const at = start + 2 + 12 * index;
    found.set(view.getUint16(at, little), at);
  }
  return found;
}

function text(view, at, little) {
  if (at === undefined) return "";
  const length = view.getUint32(at + 4, little);
  const start = length <= 4 ? at + 8 : view.getUint32(at + 8, little);
  let said = "";
  for (let index = 0; index < Math.min(length, 32); index += 1) {
    const byte = view.getUint8(start + index);
    if (byte) said += String.fromCharCode(byte);
  }
  return said;
}

// The smaller of the original and its shrunk copy, and a small picture to show; the original alone when this browser
// cannot open it.
export function shrink(original, purpose) {
  const mine = line.then(() => shrinkNow(original, EDGES[purpose] || PAGE_EDGE));
  line = mine.catch(() => undefined);
  return mine;
}

async function shrinkNow(original, edge) {
  const address = URL.createObjectURL(original);
  const image = new Image();
  try {
    image.src = address;
    await image.decode();
    const large = draw(image, image.naturalWidth, image.naturalHeight, edge);
    image.src = "";
    const small = draw(large, large.width, large.height, THUMB_EDGE);
    const made = await toJpeg(large, QUALITY);
    const thumb = await toJpeg(small, 0.7);
    large.width = small.width = 0;
    return { blob: made && made.size < original.size ? made : original, thumb };
  } catch (error) {
    return { blob: original, thumb: null };
  } finally {
    URL.revokeObjectURL(address);
  }
}

function draw(source, width, height, edge) {
  const scale = Math.min(1, edge / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // what is see-through in a screenshot would become black
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function toJpeg(canvas, quality) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
