// Sends a form: the words first, as a draft, then the photos, then the form itself, which the server answers with its page.
// Each step may be repeated: the form carries the phone's own UUID.

import { ON_ITS_WAY } from "./able.js";
import { hidden } from "./form.js";

const ANSWER_MS = 30000;
const BACK_UP_AFTER_MS = 20000;
const AGAIN_MS = 1000;
const LATEST_AGAIN_MS = 30000;

export class Sending {
  constructor(page) {
    this.page = page;
    this.wanted = false; // somebody pressed the button, and it is not done yet
    this.held = ""; // why the words could not go: waiting or signedOut
    this.sentence = ""; // what has to be decided first
    this.working = false;
    this.failures = 0;
    addEventListener("online", () => this.goOn());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.goOn());
  }

  // Somebody pressed the button, far below what is said now.
  begin() {
    this.page.lost = 0;
    const done = this.proceed();
    this.page.trouble.scrollIntoView({ block: "center" });
    return done;
  }

  async proceed() {
    const begun = this.working;
    this.working = true;
    // A photo that was refused is not left out silently: somebody takes it away, or sends it again.
    this.sentence = this.page.rows.some((one) => one.state === "refused") ? this.page.words.decide : "";
    this.wanted = this.sentence === "";
    this.page.showState();
    await this.page.kept.flush();
    await this.page.kept.want(this.wanted && !hasFiles(this.page.form));
    // Somebody had changed a word meanwhile, and presses again: it goes when the photos that are on their way are there.
    if (begun) return this.page.refresh();
    if (this.wanted) await this.work();
    this.working = false;
    return this.page.refresh();
  }

  async work() {
    clearTimeout(this.timer);
    await this.page.renew();
    this.held = await this.saveDraft();
    if (this.held === "waiting") this.timer = setTimeout(() => this.goOn(), this.nextWait());
    if (this.held !== "") return;
    this.failures = 0;
    await this.page.queue.wake();
  }

  nextWait() {
    const wait = Math.min(LATEST_AGAIN_MS, AGAIN_MS * 2 ** this.failures) * (0.5 + Math.random());
    this.failures += 1;
    return wait;
  }

  goOn() {
    if (this.wanted && this.held) this.proceed();
  }

  // Somebody works on the form again: it goes when they say so.
  cancel() {
    if (this.wanted) this.page.kept.want(false);
    this.wanted = false;
    this.held = "";
    this.sentence = "";
    clearTimeout(this.timer);
    this.page.showState();
  }

  finishIfDone() {
    if (!this.wanted || this.working || this.held || this.page.waiting()) return;
    this.wanted = false;
    this.go("send");
  }

  // The plain form, as without this module. Its photos have gone before.
  async go(then) {
    const { form, kept } = this.page;
    await this.page.renew();
    if (!form.elements.csrf_token.value || navigator.onLine === false) return this.cannotNow(then);
    await kept.flush();
    await kept.want(false);
    const said = Object.entries({ then, ...this.facts() }).map(([name, value]) => hidden(name, value));
    form.append(...said);
    if (then === "send") sessionStorage.setItem(ON_ITS_WAY, JSON.stringify({ path: kept.path, files: hasFiles(form) }));
    HTMLFormElement.prototype.submit.call(form);
    for (const one of said) one.remove();
    return undefined;
  }

  cannotNow(then) {
    if (then === "send") {
      this.wanted = true;
      this.held = "waiting";
    } else {
      this.sentence = this.page.words.noLine;
    }
    this.page.showState();
    this.page.trouble.scrollIntoView({ block: "center" });
  }

  // What the phone says about the photos: in which order it shows them.
  facts() {
    const arrived = this.page.rows.filter((one) => one.photo);
    return { photo_order: arrived.map((one) => one.photo).join(" ") };
  }

  // The phone's own page stands here again because the form did not arrive, or its answer did not.
  goOnAfterFailure() {
    const said = JSON.parse(sessionStorage.getItem(ON_ITS_WAY) || "null");
    sessionStorage.removeItem(ON_ITS_WAY);
    if (!said || said.path !== this.page.kept.path) return;
    if (!said.files) this.proceed();
    else this.sentence = this.page.words.chooseAgain; // files are not kept on the phone
    this.page.showState();
  }

  // After a pause in typing, and as soon as there is a network: a lost phone then loses photos only.
  backUpLater() {
    clearTimeout(this.backUpTimer);
    this.backUpTimer = setTimeout(() => this.backUp(), BACK_UP_AFTER_MS);
  }

  async backUp() {
    if (!this.page.whole || this.working || !this.page.kept.hasNews()) return;
    if (navigator.onLine === false || (await this.saveDraft()) === "waiting") this.backUpLater();
  }

  // Keeps the words at the server, as a draft. The answer is what holds them up; "" also when the server has something to
  // say about them, which its page will say. Only our own server's word counts, not that of some Wi-Fi's sign-in page.
  async saveDraft() {
    const { form, kept } = this.page;
    if (!form.elements.csrf_token.value) return this.page.standing === "signedOut" ? "signedOut" : "waiting";
    const body = new FormData(form);
    for (const name of ["minutes_file", "resolution_file"]) body.delete(name);
    body.set("then", "save");
    const words = JSON.stringify(kept.record.fields);
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), ANSWER_MS);
    try {
      const headers = { "X-Requested-With": "meetingcheck", "X-Account": this.page.account };
      const request = { method: "POST", headers, body, redirect: "manual", signal: control.signal };
      const answer = await fetch(location.pathname, request);
      const revision = answer.headers.get("Draft-Revision");
      if (revision !== null) {
        await kept.kept(words, Number(revision));
        return "";
      }
      if (answer.status === 401 || answer.status === 400) return "signedOut";
      return answer.status > 400 && answer.status < 500 ? "" : "waiting";
    } catch (error) {
      return "waiting";
    } finally {
      clearTimeout(timer);
    }
  }
}

function hasFiles(form) {
  return Array.from(form.elements).some((one) => one.type === "file" && one.name && one.files.length > 0);
}
