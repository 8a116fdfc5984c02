// The check-in on a phone: the page as it stands, the phone's copy of it, or, without a network, a list of what the phone
// has. Where a phone cannot keep anything (an app's own browser, plain http, an old browser) the plain form does the work.

import { installWorker, whyUnable } from "./able.js";
import { PhonePage } from "./phone-page.js";
import { getNote, listPages, listPhotos, setNote } from "./store.js";
import { fill } from "./words.js";

// What the installed app opens (with a network it leads home), and the neutral page itself: no form's own address.
const LISTS = ["/obligations/", "/check-in-shell"];
const ARRIVED_BY = ["?entered=1", "?whole=1"]; // somebody has just signed in; somebody else's turn

function plain(reason) {
  import("../photo-picker.js");
  for (const one of document.querySelectorAll(`[data-phone-${reason}]`)) one.hidden = false;
  const link = document.querySelector("[data-phone-chrome]");
  if (reason !== "in-app" || !/Android/.test(navigator.userAgent)) return;
  const scheme = location.protocol.replace(":", "");
  link.href = `intent://${location.host}${location.pathname}#Intent;scheme=${scheme};package=com.android.chrome;end`;
  link.hidden = false;
}

// Without a network: what of the account's the phone has, each with its link.
async function list(account) {
  const place = document.querySelector("[data-shell-list]");
  const [pages, photos] = [await listPages(account), await listPhotos(account)];
  for (const page of pages) {
    const path = page.where.split("?")[0];
    const count = photos.filter((one) => one.path === path && one.state !== "arrived").length;
    const entry = place.querySelector("template").content.cloneNode(true);
    entry.querySelector("a").href = page.where;
    entry.querySelector("a").textContent = page.heading;
    entry.querySelector("[data-unit-name]").textContent = page.unit;
    entry.querySelector("[data-count]").textContent = count ? fill(place.dataset.left, { count }) : "";
    place.append(entry);
  }
  document.querySelector("[data-shell-opening]").hidden = true;
  document.querySelector(pages.length ? "[data-shell-list]" : "[data-shell-unknown]").hidden = false;
}

// For whom the phone opens what it has: whom the server has let in last. A cookie says so as soon as it has answered,
// before any script; the phone's own note counts where there is none.
async function whoElse() {
  const said = /(?:^|; )(?:__Host-)?account=([^;]*)/.exec(document.cookie);
  return said ? said[1] : (await getNote("account")) || "";
}

// A try with nothing at stake: kept apart from the account's own, and gone when it is over.
async function practise(form, account) {
  const { PracticePage } = await import("./practice.js");
  return new PracticePage(account).begin(form);
}

async function start(form) {
  const unable = whyUnable();
  if (unable) return plain(unable);
  let account;
  try {
    const said = document.querySelector("meta[name=account]");
    account = said ? said.content : await whoElse();
    // Before anything is kept that is found by it; a phone without room shows what it has, and writes nothing.
    if (account && (await getNote("account")) !== account) await setNote("account", account);
  } catch (error) {
    return plain("unable"); // some browsers keep nothing in private windows
  }
  if (form && form.dataset.practice !== undefined) return practise(form, account);
  installWorker(location.pathname);
  if (!form) return LISTS.includes(location.pathname) ? list(account) : new PhonePage(account, false).open();
  const page = new PhonePage(account, true);
  if (form.dataset.answered === undefined) await page.keep(document);
  if (ARRIVED_BY.includes(location.search)) history.replaceState(null, "", location.pathname + location.hash);
  if (await page.show(document.getElementById("main"), performance.timeOrigin)) page.queue.wake();
  return undefined;
}

start(document.querySelector("[data-phone]"));
