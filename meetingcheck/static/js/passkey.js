// Makes a passkey, or asks for one, and posts the browser's answer by the plain form around it.
// Without this module, or in a browser without passkeys, the form stays hidden and the other ways remain.

function toBytes(text) {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (char) => char.charCodeAt(0));
}

function toText(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function described(list) {
  return (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));
}

async function create(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: described(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return answerOf(made, {
    attestationObject: toText(made.response.attestationObject),
  });
}

async function get(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: described(options.allowCredentials),
  };
  const used = await navigator.credentials.get({ publicKey });
  return answerOf(used, {
    authenticatorData: toText(used.response.authenticatorData),
    signature: toText(used.response.signature),
  });
}

function answerOf(credential, response) {
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: { ...response, clientDataJSON: toText(credential.response.clientDataJSON) },
  });
}

async function answer(form) {
  const failed = form.querySelector("[data-passkey-failed]");
  failed.hidden = true;
  try {
    const ask = form.dataset.passkey === "create" ? create : get;
    form.elements.passkey.value = await ask(JSON.parse(form.dataset.options));
    form.submit();
  } catch (error) {
    failed.hidden = false;
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(form);
    });
  }
}
