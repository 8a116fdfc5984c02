// On every page: who is signed in on this phone, what of theirs is not sent yet, and that signing out takes it away; and
// that the form of what is owed is on the phone before there is no network.

import { ON_ITS_WAY, practiceAccount } from "./able.js";
import { forget, getNote, getPage, listForms, listPages, listPhotos, putPage } from "./store.js";
import { hasNews, removeForm, removePage, removePhoto, setNote, unsentOf } from "./store.js";

const SIGN_IN = "/sign-in";
const account = document.querySelector("meta[name=account]").content;

async function begin() {
  sessionStorage.removeItem(ON_ITS_WAY); // a page of the server's: whatever was sent has its answer
  if ((await getNote("account")) !== account) await setNote("account", account);
  for (const sent of document.querySelectorAll("[data-sent-client]")) await dropSent(sent.dataset);
  if (document.querySelector("[data-practised]")) await forget(practiceAccount(account));
  await showUnsent();
  await keepOwed();
}

// What was sent has no business on the phone any more; a photo that has not arrived stays, and so do words that somebody
// has typed since.
async function dropSent({ sentClient: client, justSent }) {
  const pages = await listPages(account);
  for (const one of await listForms(account)) {
    if (one.client !== client || (justSent === undefined && hasNews(one))) continue;
    for (const page of pages) if (page.where.split("?")[0] === one.path) await removePage(page.key);
    await removeForm(one.key);
  }
  for (const one of await listPhotos(account)) {
    if (one.facts.client === client && one.state === "arrived") await removePhoto(one.id);
  }
}

async function showUnsent() {
  const place = document.querySelector("[data-unsent]");
  if (!place) return;
  const { forms: typed, photos } = await unsentOf(account);
  const forms = typed.filter(hasNews);
  if (!photos.length && !forms.length) return;
  const words = photos.length ? place.dataset.unsent : place.dataset.unsentWords;
  place.querySelector("a").textContent = words.replace("{count}", String(photos.length));
  place.querySelector("a").href = (photos[0] || forms[0]).path;
  place.querySelector("button").addEventListener("click", async (event) => {
    if (!window.confirm(event.target.dataset.ask)) return;
    for (const one of photos) await removePhoto(one.id);
    for (const one of forms) await removeForm(one.key);
    place.hidden = true;
  });
  place.hidden = false;
}

// Whoever chooses the other version leaves their own.
for (const link of document.querySelectorAll("[data-drop-form]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    for (const one of await listForms(account)) if (one.client === link.dataset.dropForm) await removeForm(one.key);
    location.assign(link.href);
  });
}

// Whoever has looked at what is owed finds its form in the meeting room, where there may be no network.
async function keepOwed() {
  for (const link of document.querySelectorAll("a[data-keep]")) {
    const { installWorker, whyUnable } = await import("./able.js");
    const { copyOf, fetchPage } = await import("./kept-page.js");
    const where = new URL(link.href).pathname;
    if (whyUnable() || (await getPage(account, where))) continue;
    installWorker(where);
    const found = await fetchPage(link.href);
    if (found.state === "here") await putPage(account, where, copyOf(found.source));
  }
}

async function clear() {
  for (const one of [account, practiceAccount(account)]) await forget(one);
  await setNote("account", "");
  if (window.caches) for (const name of await caches.keys()) await caches.delete(name);
  if (!navigator.serviceWorker) return;
  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}

// Asks first when something would be lost. Nothing is taken off the phone before the server has heard it: without a
// network everything would be gone, and its owner still signed in. Where nothing can be kept, signing out is just that.
async function signOut(form) {
  const unsent = await unsentOf(account).catch(() => null);
  if (!unsent) return form.submit();
  if (unsent.forms.length + unsent.photos.length > 0 && !window.confirm(form.dataset.signOut)) return undefined;
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  } catch (error) {
    return window.alert(form.dataset.noLine);
  }
  if (new URL(answer.url).pathname !== SIGN_IN) return form.submit();
  await clear().catch(() => undefined);
  return location.assign(SIGN_IN);
}

for (const form of document.querySelectorAll("[data-sign-out]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signOut(form);
  });
}
begin().catch(() => undefined);
