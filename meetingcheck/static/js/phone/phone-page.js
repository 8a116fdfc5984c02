// The check-in's page on a phone: keeps what is typed and photographed, shows what became of it, and makes room for the
// server's own page when that comes.

import { getNote, getPage, listPhotos, putPage, removePage, removePhoto, setNote } from "./store.js";
import { KeptForm } from "./form.js";
import { accountOf, copyOf, fetchPage, frame, mainOf, scriptOf, setToken, tokenOf, whereNow } from "./kept-page.js";
import { Picker } from "./pickers.js";
import { Queue } from "./queue.js";
import { Sending } from "./sending.js";
import { fill } from "./words.js";

const LATE = "/late-work/"; // where the server keeps what comes after its sender's role had ended

export class PhonePage {
  // `whole` once the server itself has given this page; before that the phone's copy of it stands here.
  constructor(account, whole) {
    this.account = account;
    this.whole = whole;
    this.copy = null;
    this.token = "";
    this.askedAt = 0; // when the server was asked for the page that stands, by this phone's clock
    this.touched = false; // whether somebody has begun to work on the page that stands
    this.kept = null;
    this.rows = [];
    this.removing = new Set(); // photos that somebody takes away
    this.lost = 0; // photos that went away by themselves, not sent
    this.pickers = [];
    this.queue = this.newQueue(() => this.refresh());
    this.sending = this.newSending();
    addEventListener("online", () => this.renew());
    // A page that comes back as it was left does not know what was sent meanwhile.
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  newQueue(tell) {
    return new Queue(this.account, tell);
  }

  newSending() {
    return new Sending(this);
  }

  // Shows a form's page with what the phone has of it. It takes its place only when that is in it, as a button pressed
  // before would send a form without it; and not when somebody has begun to work on the one that stands. False when
  // nothing was shown.
  async show(main, askedAt) {
    const form = main.querySelector("[data-phone]");
    const kept = new KeptForm(form, this.account, () => this.kept === kept && this.savedOnPhone());
    if (!(await kept.begin()) || this.touched) return false;
    Object.assign(this, { form, kept, askedAt, touched: kept.early });
    this.find(main);
    for (const one of this.pickers) one.end();
    this.pickers = Array.from(main.querySelectorAll("[data-photo-picker]"), (one) => new Picker(one, this));
    if (this.token) setToken(main, this.token);
    if (!main.isConnected) document.getElementById("main").replaceWith(main);
    this.listen();
    if (kept.record.typedAt !== null) this.showSaved();
    if (kept.hasNews()) this.sending.backUpLater();
    await this.dropWhatThePageShows();
    await this.refresh();
    await this.askWhoseCell();
    if (kept.record.wanted) this.sending.proceed();
    return true;
  }

  find(main) {
    this.words = main.querySelector("#phone-words").dataset;
    this.savedLine = main.querySelector("[data-phone-saved]");
    this.trouble = main.querySelector("[data-phone-trouble]");
    this.troubleText = this.trouble.querySelector("span");
    this.signIn = this.trouble.querySelector("[data-phone-sign-in]");
    this.signIn.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    this.other = this.trouble.querySelector("[data-phone-other]");
  }

  // Once for each cell on a phone, before anything is entered for a wrong one.
  async askWhoseCell() {
    const question = document.querySelector("[data-phone-whose]");
    if (!question) return;
    const asked = `whose ${this.account} ${question.dataset.phoneWhose}`;
    if (this.kept.record.typedAt !== null || this.rows.length || (await getNote(asked))) return;
    const [own, foreign] = question.querySelectorAll("button");
    own.addEventListener("click", async () => {
      await setNote(asked, true);
      question.hidden = true;
    });
    foreign.addEventListener("click", () => {
      question.querySelector("[data-foreign]").hidden = false;
    });
    question.hidden = false;
  }

  // What had arrived before the server was asked for its page is on that page.
  async dropWhatThePageShows() {
    if (this.form.dataset.begun === undefined || this.form.dataset.client !== this.kept.record.client) return;
    for (const row of await listPhotos(this.account)) {
      const ours = row.state === "arrived" && row.form === this.kept.record.key;
      if (ours && row.arrivedAt < this.askedAt) await removePhoto(row.id);
    }
  }

  listen() {
    const touched = () => {
      this.touched = true;
    };
    for (const name of ["focusin", "click", "input", "change"]) this.form.addEventListener(name, touched);
    this.form.addEventListener("click", (event) => {
      this.pressed = event.target.closest("button[name=then]") || this.pressed;
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const then = this.pressed ? this.pressed.value : "send";
      if (then === "send") this.sending.begin();
      else this.sending.go(then);
    });
    this.form.addEventListener("input", () => this.sending.cancel());
  }

  // --- the page itself

  async keep(source) {
    const copy = copyOf(source);
    await putPage(this.account, whereNow(), copy).catch(() => undefined); // without room it opens with a network only
    return copy;
  }

  // Opens the phone's copy; then asks the server for its own page. Without a copy there is nothing to do but wait.
  async open() {
    this.copy = (await getPage(this.account, whereNow())) || (await getPage(this.account, location.pathname));
    if (this.copy && (await this.show(mainOf(this.copy), 0))) {
      this.queue.wake();
      this.sending.goOnAfterFailure();
    }
    await this.renew();
  }

  // Asks the server for the page that stands here as a copy. Not while somebody else does.
  renew() {
    if (this.whole) return Promise.resolve();
    if (!this.renewing) {
      this.renewing = this.renewNow().finally(() => {
        this.renewing = null;
      });
    }
    return this.renewing;
  }

  async renewNow() {
    const askedAt = Date.now();
    const found = await fetchPage(location.href);
    this.standing = found.state;
    const account = found.source ? accountOf(found.source) : "";
    if (account && account !== this.account) return this.openWhole(); // it is somebody else's turn
    if (found.state === "here") return this.take(found.source, askedAt);
    if (found.state === "elsewhere") return this.leave(found);
    if (found.state === "ended" && !this.copy) return this.openWhole();
    if (found.source) this.hold(found.source);
    return this.kept ? this.refresh() : this.tellOpening(found.state);
  }

  openWhole() {
    location.replace(`${location.pathname}?whole=1`);
  }

  // The server's page: what nobody has touched yet makes room for it; under somebody's hands nothing is exchanged.
  async take(source, askedAt) {
    if (scriptOf(source) !== scriptOf(document) && !this.touched) return this.openWhole(); // a new version
    const copy = await this.keep(source);
    const same = this.copy && copy.main === this.copy.main;
    this.copy = copy;
    this.whole = true;
    this.hold(source);
    if (!same && !this.touched) await this.show(mainOf(copy), askedAt);
    if (this.kept && this.kept.hasNews()) this.sending.backUpLater();
    return this.kept && this.queue.wake();
  }

  // Makes the copy one that can send.
  hold(source) {
    if (!document.querySelector("meta[name=account]")) frame(source);
    this.token = tokenOf(source);
    setToken(document, this.token);
    import("./account.js");
  }

  // The address leads elsewhere now, as the period is reported: follow it, unless the phone has something to send.
  async leave({ source, address }) {
    if (!this.kept || (this.waiting() === 0 && !this.kept.hasNews() && !this.touched)) {
      if (this.copy) await removePage(this.copy.key);
      return location.replace(address);
    }
    this.hold(source);
    this.whole = true;
    if (new URL(address).pathname.startsWith(LATE)) {
      this.standing = "ended";
      return this.refresh();
    }
    this.other.href = address;
    return this.refresh();
  }

  tellOpening(state) {
    document.querySelector("[data-shell-opening]").hidden = true;
    const said = document.querySelector(`[data-shell-${state === "signedOut" ? "signed-out" : "unknown"}]`);
    const link = said.querySelector("a");
    if (link) link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    said.hidden = false;
    return undefined;
  }

  // --- photos

  added() {
    this.lost = 0;
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => undefined);
    this.queue.wake();
  }

  async removed() {
    this.sending.sentence = "";
    await this.refresh();
  }

  mayTakeBack(row) {
    return this.whole && row.photo !== "" && this.form.dataset.limited === undefined;
  }

  takeBack(row) {
    this.sending.go(`remove:${row.photo}`);
  }

  async refresh() {
    if (!this.kept || !this.kept.record) return;
    // Where nothing can be read at the moment, what was read last stands.
    const all = await listPhotos(this.account).catch(() => this.rows);
    this.seeLost(new Set(all.map((one) => one.id)));
    this.rows = all.filter((one) => one.form === this.kept.record.key);
    for (const picker of this.pickers) picker.show(this.rows, this.queue);
    this.showState();
    this.sending.finishIfDone();
  }

  // A browser may throw away what it keeps when the phone is full; no report goes without those photos unless somebody
  // says so, who has heard it.
  seeLost(ids) {
    const gone = this.rows.filter((one) => one.state !== "arrived" && !ids.has(one.id) && !this.removing.has(one.id));
    if (gone.length === 0) return;
    this.lost += gone.length;
    this.sending.cancel();
  }

  // Photos of this form that are on the phone only; one that the server refuses waits for somebody's decision.
  waiting() {
    return this.rows.filter((one) => one.state === "kept" || one.state === "ready").length;
  }

  wordOf(row, queue) {
    if (row.state === "arrived") return this.words.arrived;
    if (row.state === "refused") return this.words.failed;
    if (queue.progress.get(row.id) === 100) return this.words.storing;
    if (queue.progress.has(row.id)) return fill(this.words.sending, { percent: queue.progress.get(row.id) });
    return queue.state === "waiting" ? this.words.waiting : this.words.queued;
  }

  // --- what the page says

  savedOnPhone() {
    this.showSaved();
    this.sending.backUpLater();
  }

  showSaved() {
    this.savedLine.hidden = this.kept.full;
    this.showState();
    if (this.kept.full) return;
    const at = new Date(this.kept.record.savedAt);
    const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
    const words = fill(this.words.saved, { time });
    if (this.savedLine.textContent !== words) this.savedLine.textContent = words; // each change is read aloud
  }

  showState() {
    const count = this.waiting();
    const { wanted, held } = this.sending;
    const left = count > 0 || wanted;
    const state = held || (left && this.queue.state) || "";
    if (this.lost) return this.say(fill(this.words.lost, { count: this.lost }));
    if (this.sending.sentence) return this.say(this.sending.sentence);
    if (this.other.hasAttribute("href") && !wanted) return this.say(this.words.elsewhere, this.other);
    if (state === "signedOut" || this.standing === "signedOut") return this.say(this.words.signedOut, this.signIn);
    if (state === "ended") return this.say(this.words.ended);
    if (this.standing === "ended" && !wanted) return this.say(this.words.late);
    if (state === "busy") return this.say(this.queue.sentence);
    if (state === "full") return this.say(this.words.unkept);
    if (state === "waiting") return this.say(fill(count ? this.words.kept : this.words.keptWords, { count }));
    if (wanted) return this.say(fill(count ? this.words.going : this.words.goingWords, { count }));
    if (this.kept.full && this.kept.hasNews()) return this.say(this.words.unkept);
    return this.say("");
  }

  say(words, link = null) {
    if (this.troubleText.textContent !== words) this.troubleText.textContent = words;
    this.trouble.hidden = words === "";
    for (const one of [this.signIn, this.other]) one.hidden = one !== link;
  }
}

function pad(number) {
  return String(number).padStart(2, "0");
}
