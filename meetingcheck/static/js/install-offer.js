// Offers to put the page on the phone's home screen, once something was sent: it then opens with one tap, also without a
// network, and the phone does not delete what waits there (Safari does after seven days without a visit).

const LATER = "meetingcheck-install-later"; // about the phone, not about anybody

// An iPad says that it is a Mac.
const IOS = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
const IOS_SAFARI = IOS && /Safari/.test(navigator.userAgent) && !/CriOS|FxiOS|EdgiOS|Zalo|FBAN|FBAV|Line\//.test(navigator.userAgent);

const offer = document.querySelector("[data-install]");

function isInstalled() {
  return matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
}

// One question at a time: a PIN is asked for first.
function mayAsk() {
  const others = document.querySelectorAll("[data-offer]:not([data-install])");
  return others.length === 0 && !isInstalled() && matchMedia("(pointer: coarse)").matches && !wasPutOff();
}

function wasPutOff() {
  try {
    return localStorage.getItem(LATER) !== null;
  } catch (error) {
    return true; // where nothing can be kept, it would be asked each time
  }
}

function putOff() {
  offer.hidden = true;
  localStorage.setItem(LATER, "1");
}

function show(part) {
  offer.hidden = false;
  part.hidden = false;
}

// Chrome and its kin hand over their own question, to be asked when somebody presses.
function offerQuestion(event) {
  event.preventDefault();
  const button = offer.querySelector("[data-install-now]");
  button.addEventListener("click", () => {
    putOff();
    event.prompt();
  });
  show(button);
}

if (offer && mayAsk()) {
  offer.querySelector("[data-install-later]").addEventListener("click", putOff);
  addEventListener("beforeinstallprompt", offerQuestion, { once: true });
  if (IOS_SAFARI) show(offer.querySelector("[data-install-by-hand]"));
}
