// Keeps what is typed into a form on the phone, as one types, and brings it back. The server's own version wins only
// over what it has taken in; where it has something newer from elsewhere, sending shows both.

import { newId } from "./photo.js";
import { formKey, hasNews, isUnsent, listForms, listPhotos, mergeForm, putForm } from "./store.js";

const OWN = new Set(["csrf_token", "client_id", "revision", "then"]);
const SAVE_AFTER_MS = 400;

export class KeptForm {
  constructor(form, account, saved) {
    this.form = form;
    this.account = account;
    this.saved = saved; // called whenever the phone has kept something, or could not
    this.full = false; // the phone could not keep what was typed last
    this.unkept = {}; // what it was
    this.path = location.pathname;
    this.record = null;
  }

  // Finds what the phone has of this form and brings it back. False when the page is about to be replaced by another.
  async begin() {
    const asked = new URLSearchParams(location.search).get("draft");
    const page = this.ofPage();
    const known = await this.find(asked, page.client);
    if (known && known.client !== page.client) {
      // The server shows another draft than the one that this phone has begun.
      if (this.form.dataset.begun !== undefined && asked !== known.client) {
        location.replace(`${this.path}?draft=${known.client}`);
        return false;
      }
      page.client = known.client;
    }
    this.record = { ...page, key: formKey(this.account, this.path, page.client) };
    this.record.wanted = known !== null && known.wanted;
    this.early = this.controls().some(isChanged); // on a slow line somebody was quicker than this module
    if (known && this.isNewer(known, page)) {
      const { typedAt, savedAt, submitted, revision } = known;
      Object.assign(this.record, { typedAt, savedAt, submitted, revision });
      this.record.fields = { ...page.fields, ...known.fields };
      this.write(this.record.fields);
    }
    this.form.elements.client_id.value = this.record.client;
    this.form.elements.revision.value = String(this.record.revision);
    this.listen();
    await this.tryTo(putForm(this.record));
    if (this.early) await this.save();
    return true;
  }

  async find(asked, client) {
    const mine = (await listForms(this.account)).filter((one) => one.path === this.path);
    const here = mine.find((one) => one.client === (asked || client));
    if (here || asked || this.form.dataset.answered !== undefined) return here || null;
    const photos = await listPhotos(this.account);
    const begun = (one) => isUnsent(one) || photos.some((photo) => photo.form === one.key);
    const known = mine.find(begun);
    // Opened once, in another tab perhaps, and nothing more: two tabs of one new form are one form.
    return known || (this.form.dataset.begun === undefined && mine[0]) || null;
  }

  ofPage() {
    const data = this.form.dataset;
    return {
      account: this.account,
      path: this.path,
      client: this.form.elements.client_id.value || newId(), // a page that the phone has kept names none
      revision: Number(this.form.elements.revision.value),
      fields: this.read(),
      typedAt: null,
      submitted: null, // the words that the server is known to have
      wanted: false, // somebody pressed the button, and it is not sent yet
      savedAt: Date.now(),
      heading: data.heading,
      unit: data.unit,
      facts: data.meeting ? { meeting: data.meeting } : data.cell ? { cell: data.cell } : { obligation: data.obligation },
    };
  }

  // Whether the phone has words that the server has not: then they stay, and the server compares the revision.
  isNewer(known, page) {
    if (!isUnsent(known)) return false;
    const taken = known.submitted === JSON.stringify(known.fields) && page.revision > known.revision;
    return !taken && Object.keys(known.fields).some((name) => differs(known.fields[name], page.fields[name]));
  }

  controls() {
    return Array.from(this.form.elements).filter(
      (one) => one.name && one.type !== "file" && one.type !== "submit" && !OWN.has(one.name) && !isPlace(one.name),
    );
  }

  read() {
    const fields = {};
    for (const control of this.controls()) {
      if (control.disabled) continue;
      if (control.type === "radio" || control.type === "checkbox") {
        if (control.checked) fields[control.name] = control.value;
        else if (!(control.name in fields)) fields[control.name] = "";
      } else {
        fields[control.name] = control.value;
      }
    }
    return fields;
  }

  write(fields) {
    const here = new Set();
    for (const control of this.controls()) {
      here.add(control.name);
      if (!(control.name in fields) || isChanged(control)) continue;
      const value = fields[control.name];
      put(control, value);
      const fold = control.closest("details");
      if (fold && value) fold.open = true;
    }
    for (const name of Object.keys(fields)) {
      if (!here.has(name) && fields[name]) this.form.append(hidden(name, fields[name]));
    }
  }

  listen() {
    const typed = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
    };
    this.form.addEventListener("input", (event) => event.target.type !== "file" && typed());
    this.form.addEventListener("change", (event) => {
      if (event.target.type === "file") return;
      typed();
      this.flush(); // a field that was left is kept at once
    });
    // The tab may be killed any moment once it is not looked at: do not wait for the pause in typing.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.catchUp();
      else this.flush();
    });
    addEventListener("pagehide", () => this.flush());
  }

  flush() {
    if (!this.timer) return undefined;
    clearTimeout(this.timer);
    return this.save();
  }

  async save() {
    this.timer = null;
    const now = Date.now();
    const changes = this.changed();
    this.record = { ...this.record, fields: { ...this.record.fields, ...changes }, typedAt: now, savedAt: now };
    await this.keep(changes);
    this.saved();
  }

  // Writes down what changed, with what could not be written before.
  async keep(changes) {
    const unkept = { ...this.unkept, ...changes };
    this.unkept = unkept;
    await this.tryTo(mergeForm(this.record, unkept));
    if (!this.full && this.unkept === unkept) this.unkept = {};
  }

  // A phone without room keeps nothing; what is typed can be sent all the same.
  async tryTo(write) {
    try {
      await write;
      this.full = false;
    } catch (error) {
      this.full = true;
    }
  }

  changed() {
    const typed = this.read();
    const names = Object.keys(typed).filter((name) => typed[name] !== this.record.fields[name]);
    return Object.fromEntries(names.map((name) => [name, typed[name]]));
  }

  // Another tab of the phone may have written meanwhile: what was not touched here follows it.
  async catchUp() {
    const there = (await listForms(this.account)).find((one) => one.key === this.record.key);
    if (!there) return;
    const changes = { ...this.unkept, ...this.changed() };
    for (const control of this.controls()) {
      if (!(control.name in changes) && control.name in there.fields) put(control, there.fields[control.name]);
    }
    this.record = { ...this.record, fields: { ...there.fields } };
    if (Object.keys(changes).length) await this.save();
  }

  // Whether it is to be sent as soon as it can be, also when the page is opened again.
  async want(wanted) {
    this.record = { ...this.record, wanted };
    await this.keep({});
  }

  // Whether there are words here that the server has not taken yet.
  hasNews() {
    return hasNews(this.record);
  }

  // The server has kept these words as a draft, under this revision.
  async kept(fields, revision) {
    this.record = { ...this.record, submitted: fields, revision };
    this.form.elements.revision.value = String(revision);
    await this.keep({});
  }
}

function put(control, value) {
  if (control.type === "radio" || control.type === "checkbox") control.checked = control.value === value;
  else control.value = value;
}

// A page says nothing of a field that it does not show; line ends are not words.
function differs(known, shown) {
  return shown !== undefined && (known || "").replace(/\r\n?/g, "\n") !== shown.replace(/\r\n?/g, "\n");
}

function isChanged(control) {
  if (control.type === "radio" || control.type === "checkbox") return control.checked !== control.defaultChecked;
  if (control.tagName === "SELECT") {
    const usual = Array.from(control.options).findIndex((one) => one.defaultSelected);
    return control.selectedIndex !== Math.max(0, usual);
  }
  return control.value !== control.defaultValue;
}

// The select boxes beside photos that have arrived say nothing about the meeting.
function isPlace(name) {
  return name.startsWith("purpose_");
}

export function hidden(name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  return input;
}
