// Shows the large photos of a report over the page: larger and smaller, turned, one after the other. Each photo is a
// plain link, so without this module the browser opens it by itself.

const LARGEST = 6;
const STEP = 1.5;
const SWIPE_PX = 60;
const ICONS = {
  close: "M4 4l8 8M12 4l-8 8",
  larger: "M8 3v10M3 8h10",
  smaller: "M3 8h10",
  turn: "M12.5 6A5 5 0 1 0 13 9M13 2v4H9",
  next: "M6 3l5 5-5 5",
  previous: "M10 3L5 8l5 5",
};

class PhotoViewer {
  constructor(root) {
    this.words = root.dataset;
    this.links = Array.from(root.querySelectorAll("a[data-photo]"));
    this.pointers = new Map();
    this.links.forEach((link, index) => link.addEventListener("click", (event) => this.clicked(event, index)));
    window.addEventListener("popstate", () => this.hide());
  }

  clicked(event, index) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.open(index);
  }

  open(index) {
    if (!this.box) this.build();
    this.hidden = Array.from(document.body.children).filter((one) => !one.hasAttribute("aria-hidden"));
    for (const one of this.hidden) one.setAttribute("aria-hidden", "true");
    document.body.append(this.box);
    document.documentElement.classList.add("viewing");
    history.pushState({ photoViewer: true }, "");
    this.opened = true;
    this.show(index);
    this.buttons.close.focus();
  }

  // The way back of the phone closes the photo and leaves the page where it was.
  close() {
    if (history.state && history.state.photoViewer) history.back();
    else this.hide();
  }

  hide() {
    if (!this.opened) return;
    this.opened = false;
    this.box.remove();
    this.pointers.clear();
    document.documentElement.classList.remove("viewing");
    for (const one of this.hidden) one.removeAttribute("aria-hidden");
    this.links[this.index].focus();
  }

  build() {
    this.box = element("div", "viewer", { role: "dialog", "aria-modal": "true", "aria-label": this.words.label });
    this.stage = element("div", "viewer-stage");
    this.image = element("img", "viewer-photo", { alt: "", draggable: "false" });
    this.stage.append(this.image);
    this.caption = element("p", "viewer-words", { "aria-live": "polite" });
    this.buttons = {};
    const tools = element("div", "viewer-tools");
    const actions = {
      previous: () => this.step(-1),
      next: () => this.step(1),
      smaller: () => this.zoomBy(1 / STEP),
      larger: () => this.zoomBy(STEP),
      turn: () => this.turn(),
      close: () => this.close(),
    };
    for (const [name, action] of Object.entries(actions)) {
      const button = element("button", "viewer-button", { type: "button", "aria-label": this.words[name] });
      button.append(icon(ICONS[name]));
      button.addEventListener("click", action);
      this.buttons[name] = button;
      tools.append(button);
    }
    if (this.links.length < 2) {
      this.buttons.previous.hidden = true;
      this.buttons.next.hidden = true;
    }
    this.box.append(this.stage, this.caption, tools);
    this.listen();
  }

  listen() {
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.image.addEventListener("load", () => this.place());
    this.image.addEventListener("error", () => {
      this.caption.textContent = this.words.broken;
    });
    window.addEventListener("resize", () => this.opened && this.place());
    this.stage.addEventListener("dblclick", () => (this.zoom > 1 ? this.fit() : this.zoomBy(STEP * STEP)));
    this.stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoomBy(event.deltaY < 0 ? STEP : 1 / STEP);
      },
      { passive: false },
    );
    this.stage.addEventListener("pointerdown", (event) => this.pointerDown(event));
    this.stage.addEventListener("pointermove", (event) => this.pointerMoved(event));
    this.stage.addEventListener("pointerup", (event) => this.pointerUp(event));
    this.stage.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
  }

  show(index) {
    this.index = index;
    this.angle = 0;
    const link = this.links[index];
    const small = link.querySelector("img");
    this.image.alt = small ? small.alt : "";
    this.fit();
    this.image.src = link.href;
    this.caption.textContent = `${link.dataset.words} · ${index + 1}/${this.links.length}`;
  }

  step(by) {
    this.show((this.index + by + this.links.length) % this.links.length);
  }

  fit() {
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.place();
  }

  turn() {
    this.angle = (this.angle + 90) % 360;
    this.fit();
  }

  zoomBy(factor) {
    const before = this.zoom;
    this.zoom = Math.min(Math.max(before * factor, 1), LARGEST);
    this.x *= this.zoom / before;
    this.y *= this.zoom / before;
    this.place();
  }

  // Puts the photo in the middle, as large as fits, then applies what the viewer chose; it cannot be lost outside.
  place() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    const turned = this.angle % 180 !== 0;
    const own = { width: this.image.naturalWidth || 1, height: this.image.naturalHeight || 1 };
    const wide = turned ? own.height : own.width;
    const high = turned ? own.width : own.height;
    const scale = Math.min(width / wide, height / high) * this.zoom;
    const room = { x: Math.max((wide * scale - width) / 2, 0), y: Math.max((high * scale - height) / 2, 0) };
    this.x = Math.min(Math.max(this.x, -room.x), room.x);
    this.y = Math.min(Math.max(this.y, -room.y), room.y);
    const moved = `translate(${this.x}px, ${this.y}px) translate(-50%, -50%)`;
    this.image.style.transform = `${moved} rotate(${this.angle}deg) scale(${scale})`;
    this.buttons.smaller.disabled = this.zoom <= 1;
    this.buttons.larger.disabled = this.zoom >= LARGEST;
  }

  pressed(event) {
    const moves = {
      Escape: () => this.close(),
      ArrowRight: () => this.step(1),
      ArrowLeft: () => this.step(-1),
      Equal: () => this.zoomBy(STEP),
      NumpadAdd: () => this.zoomBy(STEP),
      Minus: () => this.zoomBy(1 / STEP),
      NumpadSubtract: () => this.zoomBy(1 / STEP),
      Digit0: () => this.fit(),
      KeyR: () => this.turn(),
      Tab: () => this.keepFocus(event.shiftKey),
    };
    const move = moves[event.code];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  }

  keepFocus(backwards) {
    const order = Object.values(this.buttons).filter((one) => !one.hidden && !one.disabled);
    const at = order.indexOf(document.activeElement);
    const next = at < 0 ? 0 : (at + (backwards ? -1 : 1) + order.length) % order.length;
    order[next].focus();
  }

  pointerDown(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    this.began = { x: event.clientX, y: event.clientY, alone: this.pointers.size === 1 };
  }

  pointerMoved(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const spread = this.spread();
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) {
      this.began.alone = false;
      if (spread > 0) this.zoomBy(this.spread() / spread);
    } else if (this.zoom > 1) {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.place();
    }
  }

  pointerUp(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    const moved = event.clientX - this.began.x;
    const level = Math.abs(moved) > 2 * Math.abs(event.clientY - this.began.y);
    if (this.began.alone && this.zoom === 1 && level && Math.abs(moved) > SWIPE_PX) this.step(moved < 0 ? 1 : -1);
  }

  spread() {
    if (this.pointers.size !== 2) return 0;
    const [one, other] = this.pointers.values();
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  }
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "sign");
  line.setAttribute("d", path);
  line.setAttribute("fill", "none");
  line.setAttribute("stroke", "currentColor");
  line.setAttribute("stroke-width", "2");
  line.setAttribute("stroke-linecap", "round");
  line.setAttribute("stroke-linejoin", "round");
  svg.append(line);
  return svg;
}

for (const root of document.querySelectorAll("[data-photo-viewer]")) new PhotoViewer(root);
