// The photos of a form: taken with the camera or chosen, kept on the phone at once, each shown with what became of it.

import { addPhoto, changePhoto, exchangePlaces, removePhoto } from "./store.js";
import { newId, takenAt } from "./photo.js";

const MOST_KEPT = 40; // photos of one form
let lastPlace = 0;

export class Picker {
  // `page` gives the words and hears of new and removed photos.
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.input = element.querySelector("input[type=file]");
    this.purpose = element.dataset.purpose;
    this.list = make("div", "chosen");
    this.trouble = make("p", "problem");
    this.trouble.setAttribute("role", "alert");
    this.trouble.hidden = true;
    this.tiles = new Map();
    this.grid = make("div", "photos");
    this.order = make("details", "");
    this.moves = make("div", "stack-in");
    this.order.append(make("summary", "", page.words.order), this.moves);
    this.place();
    // On a slow line somebody was quicker than this module.
    if (this.input.files.length) this.add(this.input);
  }

  // Two ways, as a camera input hides the gallery: the camera, and the photos that are there already.
  place() {
    const camera = document.createElement("input");
    camera.type = "file";
    camera.accept = "image/*";
    camera.setAttribute("capture", "environment");
    camera.id = `${this.input.id}-camera`;
    const label = this.element.querySelector("label").textContent;
    const faces = make("div", "row");
    this.input.replaceWith(faces);
    this.input.removeAttribute("name"); // the form goes without files: they go by themselves
    faces.append(this.face(camera, this.page.words.take, label), this.face(this.input, this.page.words.choose, label));
    faces.after(this.trouble, this.list);
  }

  face(input, words, label) {
    const face = make("div", "file-face");
    const button = make("span", "btn second", words);
    button.setAttribute("aria-hidden", "true");
    input.setAttribute("aria-label", `${words}: ${label}`);
    input.addEventListener("change", () => this.add(input));
    face.append(input, button);
    return face;
  }

  async add(input) {
    const files = Array.from(input.files);
    let kept = 0;
    this.trouble.hidden = true;
    await this.page.kept.flush(); // words first, as a photo may be what ends the tab
    for (const file of files) {
      if (this.tiles.size >= MOST_KEPT) {
        this.complain(this.page.words.many);
        break;
      }
      try {
        await this.keep(file);
        kept += 1;
      } catch (error) {
        this.complain(this.page.words.full);
        break;
      }
    }
    input.value = "";
    if (kept) this.page.added();
  }

  async keep(file) {
    const { record, account } = this.page.kept;
    const claimed = await takenAt(file);
    const facts = { ...record.facts, client: record.client, purpose: this.purpose };
    if (claimed) facts.claimed = claimed;
    const id = newId();
    const row = {
      ...{ id, account, facts, form: record.key, path: record.path, name: file.name, size: file.size },
      ...{ state: "kept", place: nextPlace(), upload: id, tries: 0, sendings: 0, sha256: "", problem: "", photo: "" },
    };
    // A copy of the bytes: a file of the camera may be gone when its program has ended.
    await addPhoto(row, new Blob([await file.arrayBuffer()], { type: file.type }));
    await this.page.refresh();
  }

  end() {
    for (const tile of this.tiles.values()) tile.end();
  }

  complain(sentence) {
    this.trouble.textContent = sentence;
    this.trouble.hidden = false;
  }

  show(rows, queue) {
    const mine = rows.filter((row) => row.facts.purpose === this.purpose);
    const here = new Set(mine.map((row) => row.id));
    for (const [id, tile] of this.tiles) {
      if (here.has(id)) continue;
      tile.end();
      this.tiles.delete(id);
    }
    for (const row of mine) {
      if (!this.tiles.has(row.id)) this.tiles.set(row.id, new Tile(row, this.page));
      this.tiles.get(row.id).show(row, queue);
    }
    const tiles = mine.map((row) => this.tiles.get(row.id));
    this.showInOrder(tiles);
    const failures = tiles.filter((one) => !one.failure.hidden).map((one) => one.failure);
    const order = tiles.length > 1 ? [this.order] : [];
    hold(this.list, tiles.length ? [this.grid, ...failures, ...order] : []);
  }

  showInOrder(tiles) {
    hold(
      this.grid,
      tiles.map((one) => one.element),
    );
    const named = tiles.map((one) => one.row.id).join();
    if (named === this.ordered) return;
    this.ordered = named;
    this.moves.replaceChildren(...tiles.map((one, index) => this.move(tiles, index)));
  }

  // One step after the other, from where the photo stands by then. The lines are made anew; whoever moves a photo further
  // finds the same button under the finger and the keyboard.
  step(id, by, words) {
    this.moving = (this.moving || Promise.resolve()).then(async () => {
      const mine = this.page.rows.filter((row) => row.facts.purpose === this.purpose);
      const other = mine[mine.findIndex((row) => row.id === id) + by];
      if (other) await exchangePlaces(id, other.id);
      await this.page.refresh();
      const same = Array.from(this.moves.querySelectorAll("button")).filter((one) => one.dataset.photo === id);
      const next = same.find((one) => one.textContent === words) || same[0];
      if (next) next.focus();
    });
  }

  move(tiles, index) {
    const { row } = tiles[index];
    const line = make("div", "row");
    line.append(make("span", "", `${index + 1}. ${row.name}`));
    for (const [words, by] of [
      [this.page.words.up, -1],
      [this.page.words.down, 1],
    ]) {
      if (!tiles[index + by]) continue;
      const button = make("button", "btn second small", words);
      button.type = "button";
      button.dataset.photo = row.id;
      button.setAttribute("aria-label", `${words}: ${row.name}`);
      button.addEventListener("click", () => this.step(row.id, by, words));
      line.append(button);
    }
    return line;
  }
}

class Tile {
  constructor(row, page) {
    this.page = page;
    this.element = make("div", "tile");
    this.picture = make("span", "tile-wait", row.name);
    this.state = make("em", "");
    this.away = make("button", "", "×");
    this.away.type = "button";
    this.away.setAttribute("aria-label", `${page.words.remove}: ${row.name}`);
    this.away.addEventListener("click", () => this.remove());
    this.failure = make("div", "stack-in");
    this.failure.hidden = true;
    this.problem = make("p", "problem");
    const again = make("button", "btn second small", page.words.again);
    again.type = "button";
    again.addEventListener("click", () => this.retry());
    this.failure.append(this.problem, again);
    this.element.append(this.picture, this.state, this.away);
  }

  show(row, queue) {
    this.row = row;
    if (row.thumb && !this.address) {
      this.address = URL.createObjectURL(row.thumb);
      const image = document.createElement("img");
      image.alt = row.name;
      image.src = this.address;
      this.picture.replaceWith(image);
      this.picture = image;
    }
    this.state.textContent = this.page.wordOf(row, queue);
    this.away.hidden = row.state === "arrived" && !this.page.mayTakeBack(row);
    this.failure.hidden = row.state !== "refused";
    this.problem.textContent = `${row.name}: ${row.problem || this.page.words.refused}`;
  }

  async remove() {
    if (this.row.state === "arrived") return this.page.takeBack(this.row);
    const around = this.element.closest("[data-photo-picker]");
    this.page.removing.add(this.row.id);
    this.page.queue.giveUp(this.row);
    await removePhoto(this.row.id);
    await this.page.removed(this.row);
    return around.querySelector(".tile button, input").focus(); // the button that had the focus is gone
  }

  async retry() {
    await changePhoto(this.row.id, { state: "kept", upload: newId(), tries: 0, sendings: 0, problem: "" });
    this.page.added();
  }

  end() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.element.remove();
    this.failure.remove();
  }
}

// Lets an element hold these and no others. What stands where it should is not touched: a button that is taken away and
// put back loses the focus.
function hold(element, children) {
  for (const one of Array.from(element.children)) if (!children.includes(one)) one.remove();
  children.forEach((one, index) => {
    if (element.children[index] !== one) element.insertBefore(one, element.children[index] || null);
  });
}

// Later than every one before, also of photos that were chosen together.
function nextPlace() {
  lastPlace = Math.max(Date.now(), lastPlace + 1);
  return lastPlace;
}

function make(name, className, words) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (words) made.textContent = words;
  return made;
}
