// How large the next piece of a photo is. A request should last two to four seconds. Where the line breaks, a piece is
// smaller: each break may cost the piece that was on its way. Times in milliseconds.
//
// For the fewest bytes a piece has the square root of 2 * head * what the line carries between two breaks, if half a
// piece is lost at each break and each piece costs a head (about 1000 bytes). Pieces are a little larger than that, as
// each costs a wait as well. Where the server keeps what came of a broken piece little is lost whatever its size, and
// the heads count most: at 50 kbit/s with a cut every 20 s requests of 4 s sent 1.15 times the photos' bytes, of 8 s
// 1.09 (tests/bench/lines.py; tests/uploads/test_pace.py plays other lines through).

const SMALLEST = 8192;
const FIRST = 16384;
const LARGEST = 262144;
const HEAD = 1000;
const WEIGHT = 3; // 2 for the fewest bytes
const LASTS_MS = 4000;
const LASTS_KEPT_MS = 8000;
const GROWTH = 4; // while nothing has broken yet: a quarter of what went through, so that a first break costs no more
const REMEMBERED = 4; // breaks
const SHARE = 0.35; // of a new measurement in the mean

export class Pace {
  constructor() {
    this.cost = null; // of a request, beside its bytes
    this.rate = null; // bytes in a millisecond
    this.carried = 0; // bytes since the line broke last
    this.loads = []; // the bytes that it carried before each of the last breaks
    this.keeps = false; // whether the server kept what had come of the piece that broke last
  }

  // The size of the next piece of a photo of which `rest` bytes are left.
  next(rest) {
    const size = this.usual();
    if (rest >= 2 * size) return size;
    // Nothing is gained by a small last piece.
    return Math.min(LARGEST, rest <= 1.25 * size ? rest : Math.ceil(rest / 2));
  }

  usual() {
    let size = Math.max(FIRST, this.carried / GROWTH);
    if (this.loads.length) {
      const load = Math.max(mean(this.loads), this.carried / 2);
      size = this.keeps ? load : Math.sqrt(WEIGHT * HEAD * load);
    }
    const lasts = this.keeps ? LASTS_KEPT_MS : LASTS_MS;
    if (this.rate !== null) size = Math.min(size, this.rate * Math.max(lasts - this.cost, lasts / 2));
    return Math.floor(Math.max(SMALLEST, Math.min(LARGEST, size)));
  }

  // A request was answered after so much time; with no bytes it was nothing but a head.
  answered(bytes, took) {
    if (bytes === 0) this.cost = blend(this.cost, took);
    this.carried += bytes;
    if (bytes > 0 && took > this.cost) this.rate = blend(this.rate, bytes / (took - this.cost));
  }

  // So many bytes of a piece were kept that broke after so much time. A head's time says nothing.
  kept(bytes, took) {
    const sent = this.rate === null ? 0 : (took - this.cost) * this.rate;
    if (bytes > 0 || sent > SMALLEST) this.keeps = bytes > 0;
    this.loads[this.loads.length - 1] += bytes;
  }

  broke() {
    this.loads = [...this.loads, this.carried].slice(-REMEMBERED);
    this.carried = 0;
  }
}

function blend(before, now) {
  return before === null ? now : before + SHARE * (now - before);
}

function mean(numbers) {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}
