// The page of a form as the server last gave it: kept on the phone, so that it opens at once, and without a network.

const ANSWER_MS = 30000;
const OURS = "Content-Security-Policy"; // stands on each of our answers

// Where the page that stands is kept: its path, with the draft if the address names one.
export function whereNow() {
  const draft = new URLSearchParams(location.search).get("draft");
  return draft ? `${location.pathname}?draft=${draft}` : location.pathname;
}

// What of a page is kept: nothing that is true for a moment only, and no secret of the session.
export function copyOf(source) {
  const main = source.getElementById("main").cloneNode(true);
  for (const one of main.querySelectorAll("[data-passing]")) one.remove();
  for (const one of main.querySelectorAll("[name=csrf_token]")) one.setAttribute("value", "");
  const form = main.querySelector("[data-phone]");
  if (form.dataset.begun === undefined) {
    form.querySelector("[name=client_id]").setAttribute("value", "");
    form.dataset.client = "";
  }
  const { heading, unit } = form.dataset;
  const { title, documentElement } = source;
  const [bar, skip] = [".bar-home", ".skip"].map((part) => source.querySelector(part).textContent);
  return { main: main.innerHTML, bar, skip, title, lang: documentElement.lang, heading, unit };
}

// A kept page, ready to take its place in the one that stands.
export function mainOf(copy) {
  const main = document.getElementById("main").cloneNode(false);
  main.innerHTML = copy.main;
  document.querySelector(".bar-home").textContent = copy.bar;
  if (copy.skip) document.querySelector(".skip").textContent = copy.skip;
  document.title = copy.title;
  document.documentElement.lang = copy.lang || document.documentElement.lang;
  return main;
}

// Takes over what stands around a page: who is signed in, the bar, the foot.
export function frame(source) {
  for (const part of [".bar", ".foot"]) document.querySelector(part).replaceWith(source.querySelector(part));
  const account = source.querySelector("meta[name=account]");
  if (account && !document.querySelector("meta[name=account]")) document.head.append(account);
}

// Asks the server for the page of a form. `state` is here, elsewhere (it leads to another page), signedOut,
// ended (there is no such page for this person any more) or away.
export async function fetchPage(href) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), ANSWER_MS);
  try {
    const answer = await ask(href, control.signal);
    if (answer.status >= 500) return { state: "away" };
    // What says that there is no such page has no form to take a token from; home has.
    if (!answer.ok) return { state: "ended", source: await parse(await ask("/", control.signal)) };
    const source = await parse(answer);
    if (new URL(answer.url).pathname === "/sign-in") return { state: "signedOut" };
    if (source.querySelector("form[data-phone]")) return { state: "here", source };
    return { state: "elsewhere", source, address: answer.url };
  } catch (error) {
    return { state: "away" };
  } finally {
    clearTimeout(timer);
  }
}

async function ask(href, signal) {
  const answer = await fetch(href, { headers: { Accept: "text/html" }, signal });
  if (!answer.headers.has(OURS)) throw new Error("not our server"); // but some Wi-Fi's sign-in page
  return answer;
}

async function parse(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

export function accountOf(source) {
  const said = source.querySelector("meta[name=account]");
  return said ? said.content : "";
}

export function tokenOf(source) {
  const field = source.querySelector("[name=csrf_token]");
  return field ? field.value : "";
}

export function setToken(place, token) {
  for (const one of place.querySelectorAll("[name=csrf_token]")) one.value = token;
}

// The script that a page wants: another one than ours says that there is a new version.
export function scriptOf(source) {
  const script = source.querySelector("script[src*='phone/page.js']");
  return script && script.getAttribute("src");
}
