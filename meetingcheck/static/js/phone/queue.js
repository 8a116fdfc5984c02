// Sends the photos that a phone keeps, one after the other, in pieces that take two to four seconds each. It goes on
// where the server says that it stopped, and counts a photo as arrived only when the server has said its SHA-256. While
// the server has yet to store one, the next is on its way.

import { Pace } from "./pace.js";
import { changePhoto, getBlob, listPhotos } from "./store.js";
import { newId, sha256Of, shrink } from "./photo.js";

const OURS = { "Tus-Resumable": "1.0.0", "X-Requested-With": "meetingcheck" };
const UPLOADS = "/api/v1/uploads";
const ANSWER_MS = 60000;
const FIRST_WAIT_MS = 200; // most cuts are short, and asking again costs a head only
const LONGEST_WAIT_MS = 300000;
const TRIES_TO_SHRINK = 4; // a tab is often killed for the camera's sake, not for the photo's
const TRIES_TO_SEND = 3;
const FIRST_LOOK_MS = 2000;
const LONGEST_LOOK_MS = 15000; // somebody looks at the page, and a look costs a head only
const MOST_WHOLE = 8; // photos that the server has yet to store, before the phone waits for them
const REMEMBERED = 4;
const SENT_AGAIN_MS = 100; // a request whose connection is looked for so late had been begun over another

// What ended a sending for good, or until somebody does something: `kind` is signedOut, ended or refused.
class Stopped extends Error {
  constructor(kind, sentence) {
    super(sentence || kind);
    this.kind = kind;
    this.sentence = sentence || "";
  }
}

// The server asks to wait.
class Later extends Error {
  constructor(seconds, sentence) {
    super(sentence);
    this.milliseconds = 1000 * (Number(seconds) || 60);
    this.sentence = sentence;
  }
}

export class Queue {
  // `tell` is called whenever something changed that a page shows.
  constructor(account, tell) {
    this.account = account;
    this.tell = tell;
    this.pace = new Pace();
    this.broken = null; // a piece that was not answered
    this.asked = []; // the last requests: when, and how many bytes beside the head
    this.failures = 0;
    this.progress = new Map();
    this.whole = new Map(); // where the photos are that the server has all of and has yet to store
    this.looks = 0; // in vain, one after the other
    this.look = () => undefined; // ends the waiting for the next one
    this.state = "idle"; // idle, sending, waiting, full, busy, signedOut, ended
    this.full = false; // the phone has no room to make photos smaller
    this.sentence = "";
    this.running = null;
    this.preparing = Promise.resolve();
    this.stolen = false;
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake());
    this.watch();
  }

  // Goes to work now, whatever it was waiting for; the answer comes when nothing is left, or nothing can be done now.
  // Photos are made smaller one by one, beside the sending, so that a bad line does not keep them large.
  async wake() {
    clearTimeout(this.timer);
    this.look();
    // A phone that has no room left sends what is ready, and tries again.
    this.preparing = this.preparing.then(() => this.prepare()).catch(() => true);
    this.full = await this.preparing;
    this.again = true;
    if (!this.running) {
      this.running = this.alone().finally(() => {
        this.running = null;
      });
    }
    return this.running;
  }

  // Of two tabs of one phone only one sends: the one that is looked at takes over, as the other may be frozen.
  async alone() {
    this.stolen = false;
    if (!navigator.locks) return this.work();
    const steal = document.visibilityState === "visible";
    try {
      return await navigator.locks.request("meetingcheck-queue", { steal }, () => this.work());
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      this.stolen = true;
      return this.change("waiting");
    }
  }

  async work() {
    do {
      this.again = false;
      await this.sendAll();
    } while (this.again && this.state === "idle");
  }

  // Makes the photos smaller. The count of tries stands before: a photo that kills the tab is sent as it is. Where there
  // is no room for a second copy, the original is what is sent.
  async prepare() {
    for (const row of await listPhotos(this.account)) {
      if (row.state !== "kept") continue;
      await changePhoto(row.id, { tries: row.tries + 1 });
      const original = await getBlob(row.id);
      if (!original) continue;
      const small = row.tries < TRIES_TO_SHRINK ? await shrink(original, row.facts.purpose) : { blob: original };
      const thumb = small.thumb ? { thumb: small.thumb } : {};
      const changes = { ...thumb, ...(await isReady(small.blob)) };
      try {
        await changePhoto(row.id, changes, small.blob === original ? undefined : small.blob, "kept");
      } catch (error) {
        await changePhoto(row.id, await isReady(original), undefined, "kept"); // no room for a second one
      }
      await this.tell();
    }
    return false;
  }

  async sendAll() {
    for (;;) {
      const all = await listPhotos(this.account).catch(() => null);
      if (all === null) return this.later("full");
      const waiting = all.filter((one) => one.state === "ready");
      this.forgetAllBut(new Set(waiting.map((one) => one.id)));
      if (waiting.length === 0) return this.full ? this.later("full") : this.change("idle");
      if (navigator.onLine === false) return this.change("waiting");
      await this.change("sending");
      const next = this.whole.size < MOST_WHOLE && waiting.find((one) => !this.whole.has(one.id));
      if (next ? await this.tryTo(next, () => this.send(next)) : await this.lookAtAll(waiting)) return undefined;
    }
  }

  // Somebody takes a photo away that the server has all of: it must not come into the report when it is stored at last.
  giveUp(row) {
    const where = this.whole.get(row.id);
    if (where) this.ask(where, "DELETE", {}).catch(() => undefined);
  }

  // What somebody has taken away meanwhile, here or in another tab.
  forgetAllBut(waiting) {
    for (const id of this.whole.keys()) {
      if (waiting.has(id)) continue;
      this.whole.delete(id);
      this.progress.delete(id);
    }
  }

  // True when nothing more is to be done now.
  async tryTo(row, work) {
    try {
      await work();
      return false;
    } catch (error) {
      this.whole.delete(row.id);
      return await this.failed(row, error);
    } finally {
      if (!this.whole.has(row.id)) this.progress.delete(row.id);
    }
  }

  // What to do about it; true when nothing more is to be done now.
  async failed(row, error) {
    if (this.stolen) return true;
    if (error instanceof Stopped && error.kind === "refused") {
      await changePhoto(row.id, { state: "refused", problem: error.sentence });
      await this.tell();
      return false;
    }
    if (error instanceof Stopped) {
      await this.change(error.kind, error.sentence);
      return true;
    }
    if (error instanceof Later) {
      await this.change("busy", error.sentence);
      this.timer = setTimeout(() => this.wake(), error.milliseconds);
      return true;
    }
    await this.later(error.name === "QuotaExceededError" ? "full" : "waiting");
    return true;
  }

  later(state) {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures) * (0.5 + Math.random());
    this.failures += 1;
    this.timer = setTimeout(() => this.wake(), wait);
    return this.change(state);
  }

  async change(state, sentence) {
    this.state = state;
    this.sentence = sentence || "";
    await this.tell();
    return undefined;
  }

  async send(row) {
    const blob = await getBlob(row.id);
    if (!blob) throw new Stopped("refused", "");
    let answer = await this.announce(row);
    const where = new URL(answer.headers.get("Location"), location.href).pathname;
    let offset = Number(answer.headers.get("Upload-Offset"));
    const { broken } = this;
    if (broken && broken.upload === row.upload && offset < broken.end) this.pace.kept(offset - broken.from, broken.took);
    let strays = 0;
    while (offset < blob.size) {
      if (this.stolen) throw new Error("another tab goes on");
      this.show(row, offset / blob.size);
      const end = offset + this.pace.next(blob.size - offset);
      this.broken = { upload: row.upload, from: offset, end, when: performance.now(), took: 0 };
      answer = await this.ask(where, "PATCH", piece(offset), blob.slice(offset, end));
      this.broken = null;
      if (answer.status === 409) {
        // A browser sends a piece again by itself when the line broke before the answer, also one that had arrived.
        strays += 1;
        if (strays > TRIES_TO_SEND || !answer.headers.has("Upload-Offset")) throw new Error("the offset is astray");
      } else {
        await this.check(row, answer);
        strays = 0;
      }
      this.failures = 0;
      offset = Number(answer.headers.get("Upload-Offset"));
    }
    this.looks = 0;
    await this.settle(row, where, answer);
  }

  // Nothing is left but to see what of it is stored by now; after a while, or when something has changed.
  async lookAtAll(waiting) {
    const wait = Math.min(FIRST_LOOK_MS * 2 ** this.looks, LONGEST_LOOK_MS) * (0.5 + Math.random());
    await new Promise((resolve) => {
      this.look = resolve;
      setTimeout(resolve, wait);
    });
    this.looks += 1;
    for (const row of waiting.filter((one) => this.whole.has(one.id))) {
      if (await this.tryTo(row, () => this.lookAt(row))) return true;
    }
    return false;
  }

  async lookAt(row) {
    if (this.stolen) throw new Error("another tab goes on");
    const where = this.whole.get(row.id);
    const answer = await this.ask(where, "HEAD", {});
    await this.check(row, answer);
    await this.settle(row, where, answer);
  }

  // The bytes are there: once they are stored, compare.
  async settle(row, where, told) {
    if (told.headers.get("Upload-State") === "whole") {
      this.whole.set(row.id, where);
      return this.show(row, 1);
    }
    this.whole.delete(row.id);
    if (told.headers.get("Upload-SHA256") !== row.sha256) return this.sendAnew(row);
    const changes = { state: "arrived", arrivedAt: Date.now(), photo: told.headers.get("Upload-Photo") || "" };
    await changePhoto(row.id, changes, null);
    await this.tell();
    return undefined;
  }

  // The same photo under another name, because what stands under this one is not what was meant.
  async sendAnew(row) {
    if (row.sendings >= TRIES_TO_SEND) throw new Stopped("refused", "");
    await changePhoto(row.id, { upload: newId(), sendings: row.sendings + 1 });
    throw new Error("to be sent anew");
  }

  async announce(row) {
    const facts = { ...row.facts, id: row.upload, sha256: row.sha256 };
    const said = Object.keys(facts).map((name) => `${name} ${btoa(facts[name])}`);
    const headers = { "Upload-Length": String(row.size), "Upload-Metadata": said.join(",") };
    const answer = await this.ask(UPLOADS, "POST", headers);
    if (answer.status === 409) return this.sendAnew(row);
    await this.check(row, answer);
    return answer;
  }

  async check(row, answer) {
    if (answer.ok) return;
    const status = answer.status;
    if (status === 401) throw new Stopped("signedOut");
    if (status === 403 || (status === 404 && answer.url.endsWith(UPLOADS))) throw new Stopped("ended");
    if (status === 404 || status === 460 || (status === 410 && answer.headers.get("Upload-Problem") === "checksum")) {
      await this.sendAnew(row);
    }
    if (status === 410 && !answer.headers.get("Upload-Problem")) await this.sendAnew(row);
    if (status === 429) throw new Later(answer.headers.get("Retry-After"), await sentenceOf(answer));
    if (status >= 400 && status < 500) throw new Stopped("refused", await sentenceOf(answer));
    throw new Error(`answered ${status}`);
  }

  async ask(address, method, headers, body) {
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), ANSWER_MS);
    const name = new URL(address, location.href).href;
    this.asked = [...this.asked, { name, when: performance.now(), bytes: body ? body.size : 0 }].slice(-REMEMBERED);
    try {
      const answer = await fetch(address, {
        method,
        redirect: "error",
        headers: { ...OURS, "X-Account": this.account, ...headers },
        body,
        signal: control.signal,
      });
      // A proxy on the way or a Wi-Fi's sign-in page says nothing about a photo, whatever it answers.
      if (!answer.headers.get("Tus-Resumable")) throw new Error("not our server");
      return answer;
    } catch (error) {
      if (body) {
        this.broken.took = performance.now() - this.broken.when;
        this.pace.broke();
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  // Learns how fast the line is, and when it broke: the browser sends a request again over a new connection without
  // saying so, and only its own notes tell of it. They come soon after the answer.
  watch() {
    if (!window.PerformanceObserver) return;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach((one) => this.learn(one)));
    observer.observe({ entryTypes: ["resource"] });
  }

  learn(entry) {
    const asked = this.asked.filter((one) => one.name === entry.name && one.when <= entry.startTime).pop();
    if (!asked || !entry.responseStart) return;
    if (entry.domainLookupStart - entry.startTime > SENT_AGAIN_MS) this.pace.broke();
    this.pace.answered(asked.bytes, entry.responseStart - entry.domainLookupStart);
  }

  show(row, part) {
    this.progress.set(row.id, Math.floor(100 * part));
    this.tell();
  }
}

async function isReady(blob) {
  return { state: "ready", size: blob.size, sha256: await sha256Of(blob) };
}

function piece(offset) {
  return { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
}

async function sentenceOf(answer) {
  try {
    return (await answer.json()).message || "";
  } catch (error) {
    return "";
  }
}
