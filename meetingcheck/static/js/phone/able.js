// Whether a browser can keep what is typed and photographed, and open the check-in without a network.

// The last is what Android says of the view that an app has of the web; no browser of its own says it.
const IN_APP = /Zalo|FBAN|FBAV|FB_IAB|Messenger|Instagram|Line\/|; wv\)/;
const WORKER = "/sw.js";
const SCOPE = "/obligations/";

// Where a tab notes, in its own storage, that a form travels as a page.
export const ON_ITS_WAY = "meetingcheck-on-its-way";

// "in-app" inside another app, whose browser forgets; "unable" over plain http or in an old browser; "" when all is well.
export function whyUnable() {
  if (IN_APP.test(navigator.userAgent)) return "in-app";
  return window.isSecureContext && window.indexedDB && window.crypto && crypto.subtle ? "" : "unable";
}

// The check-in's own paths and no more: a page outside the usual one gets a worker for itself alone.
export function installWorker(path) {
  if (!navigator.serviceWorker) return;
  const scopes = path.startsWith(SCOPE) ? [SCOPE] : [SCOPE, path];
  for (const scope of scopes) navigator.serviceWorker.register(WORKER, { scope }).catch(() => {});
}

// Under which name an exercise is kept: apart from what the account really has.
export function practiceAccount(account) {
  return `${account}.practice`;
}
