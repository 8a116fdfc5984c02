// Plays the phone's rule for the size of pieces over a line. Arguments: the rule's file, and the line: bytes and
// milliseconds. A request takes a trip to connect, its bytes, and a trip for the answer; a cut loses what is on its way
// unless the server keeps it.
import { readFileSync } from "node:fs";

const [file, said] = process.argv.slice(2);
const { Pace } = await import(`data:text/javascript,${encodeURIComponent(readFileSync(file, "utf8"))}`);
const line = JSON.parse(said);
const HEAD = 1071;
const AGAIN_MS = 400;
const MOST_REQUESTS = 5000;

const pace = new Pace();
const told = { sent: 0, arrived: 0, sizes: [], lasted: [] };
let now = 7; // not at a cut's own time
let requests = 0;

// Sends a head and so many bytes; how many of them arrived, and whether an answer did.
function send(bytes) {
  requests += 1;
  if (requests > MOST_REQUESTS) throw new Error("it does not end");
  const began = now;
  const cut = line.cutEvery ? Math.ceil((now + 1) / line.cutEvery) * line.cutEvery : Infinity;
  const sending = now + line.trip;
  const whole = HEAD + bytes;
  const end = sending + whole / line.rate + line.trip;
  const out = Math.max(0, Math.min(whole, (cut - sending) * line.rate));
  const there = Math.max(0, Math.min(whole, (cut - sending - line.trip / 2) * line.rate));
  told.sent += Math.round(out);
  now = Math.min(end, cut);
  return { answered: end <= cut, took: now - began, came: Math.max(0, Math.floor(there - HEAD)) };
}

for (let photo = 0; photo < line.photos; photo += 1) {
  let offset = 0;
  let broken = null;
  while (offset < line.photo) {
    const asked = send(0);
    if (!asked.answered) {
      now += AGAIN_MS;
      continue;
    }
    pace.answered(0, asked.took);
    if (broken && offset < broken.end) pace.kept(offset - broken.from, broken.took);
    broken = null;
    while (offset < line.photo && !broken) {
      const size = pace.next(line.photo - offset);
      const { answered, took, came } = send(size);
      told.sizes.push(size);
      if (answered) {
        told.lasted.push(took);
        pace.answered(size, took);
        offset += size;
      } else {
        pace.broke();
        broken = { from: offset, end: offset + size, took };
        if (line.keeps || came === size) offset += came;
        now += AGAIN_MS;
      }
    }
  }
  told.arrived += offset;
}
console.log(JSON.stringify(told));
