// Takes the token out of the address's fragment, so that nobody has to type it, and out of the browser's history.
// Without this module the field is filled in by hand.

const TOKEN = /^[A-Za-z0-9_-]{16,64}$/;

function takeToken() {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  if (!TOKEN.test(token)) return;
  for (const form of document.querySelectorAll("[data-fragment-token]")) {
    form.querySelector("[name=token]").value = token;
    form.querySelector("[data-token-field]").hidden = true;
  }
  for (const link of document.querySelectorAll("[data-open-in-chrome]")) {
    if (!/Android/.test(navigator.userAgent)) continue;
    const scheme = location.protocol.replace(":", "");
    link.href = `intent://${location.host}${location.pathname}#${token}#Intent;scheme=${scheme};package=com.android.chrome;end`;
    link.hidden = false;
  }
}

takeToken();
addEventListener("hashchange", takeToken);
