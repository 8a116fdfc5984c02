// Keeps the photos that were chosen and shows them: the browser's own control speaks the browser's language, shows no
// picture, and a second choice (or a cancelled one) replaces the first. Without this module it does the same work.

class PhotoPicker {
  constructor(element) {
    this.element = element;
    this.input = element.querySelector("input[type=file]");
    this.kept = [];
    this.list = document.createElement("div");
    this.list.className = "chosen";
    this.list.setAttribute("aria-live", "polite");
    this.placeButton();
    this.input.addEventListener("change", () => this.add(Array.from(this.input.files)));
    // On a slow line somebody was quicker than this module.
    if (this.input.files.length) this.add(Array.from(this.input.files));
  }

  placeButton() {
    const face = document.createElement("div");
    face.className = "file-face";
    const button = document.createElement("span");
    button.className = "btn second";
    button.textContent = this.element.dataset.choose;
    button.setAttribute("aria-hidden", "true");
    this.input.replaceWith(face);
    face.append(this.input, button);
    face.after(this.list);
  }

  add(files) {
    const known = new Set(this.kept.map(markOf));
    this.kept = this.kept.concat(files.filter((file) => !known.has(markOf(file))));
    this.show();
  }

  remove(file) {
    this.kept = this.kept.filter((one) => one !== file);
    this.show();
  }

  show() {
    const transfer = new DataTransfer();
    for (const file of this.kept) transfer.items.add(file);
    this.input.files = transfer.files;
    for (const image of this.list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.list.replaceChildren();
    if (this.kept.length === 0) return;
    const words = document.createElement("p");
    words.className = "muted";
    words.textContent = `${this.kept.length} ${this.element.dataset.chosen}`;
    const tiles = document.createElement("div");
    tiles.className = "photos";
    tiles.append(...this.kept.map((file) => this.tileOf(file)));
    this.list.append(words, tiles);
  }

  tileOf(file) {
    const tile = document.createElement("div");
    tile.className = "tile";
    const image = document.createElement("img");
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    image.addEventListener("error", () => {
      const name = document.createElement("span");
      name.className = "tile-wait";
      name.textContent = file.name;
      image.replaceWith(name);
    });
    const away = document.createElement("button");
    away.type = "button";
    away.textContent = "×";
    away.setAttribute("aria-label", `${this.element.dataset.remove}: ${file.name}`);
    away.addEventListener("click", () => this.remove(file));
    tile.append(image, away);
    return tile;
  }
}

function markOf(file) {
  return `${file.name}/${file.size}/${file.lastModified}`;
}

for (const element of document.querySelectorAll("[data-photo-picker]")) new PhotoPicker(element);
