// Opens the check-in from the phone: a neutral page that shows what the phone has kept, and the files that it needs,
// which are all that is cached. The route that serves this says VERSION, SHELL and ASSETS before it.

/* global VERSION, SHELL, ASSETS */

const PREFIX = "meetingcheck-";
const CACHE = PREFIX + VERSION;
const PAGE = /^\/(obligations\/[0-9a-f-]{36}\/check-in|meetings\/[0-9a-f-]{36}\/correct|cells\/[0-9a-f-]{36}\/extra)$/;
const LIST = "/obligations/";
const ENTERED = "?entered=1";
const PATIENCE_MS = 8000;
const OURS = "Content-Security-Policy"; // stands on each of our answers

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && (PAGE.test(address.pathname) || address.pathname === LIST)) {
    event.respondWith(open(event.request, address));
  } else if (event.request.method === "GET" && address.pathname.startsWith("/static/")) {
    event.respondWith(fromCache(event.request));
  }
});

async function install() {
  const cache = await caches.open(CACHE);
  for (const path of [SHELL].concat(ASSETS)) {
    const answer = await fetch(path, { redirect: "error" });
    if (!answer.ok || !answer.headers.has(OURS)) throw new Error("not our server"); // but some Wi-Fi's sign-in page
    await cache.put(path, answer);
  }
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

// A page as such opens from the phone, with nothing to wait for; it asks the server by itself. An address that says more
// (somebody has just signed in, or saved) is the server's to answer, as long as it can. A form on its way is not hurried.
async function open(request, address) {
  const shell = await caches.match(SHELL, { ignoreVary: true });
  if (shell && request.method === "GET" && address.search === "" && address.pathname !== LIST) return shell;
  const answers = [fetch(request)];
  if (request.method === "GET") answers.push(new Promise((resolve, reject) => setTimeout(reject, PATIENCE_MS)));
  try {
    const answer = await Promise.race(answers);
    // The server may have no such page any more for who has just signed in; the phone may have what they began there.
    const gone = answer.status === 403 || answer.status === 404;
    return shell && gone && address.search === ENTERED ? shell : answer;
  } catch (error) {
    return shell || Response.error();
  }
}

async function fromCache(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  return kept || fetch(request);
}
