// Shows which photos were chosen: the browser's own control speaks the browser's language and shows no picture.
// Without this module the plain control does the same work.

const THUMBNAILS_SHOWN = 12;

function showChosen(picker, input, list) {
  for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  list.replaceChildren();
  const files = Array.from(input.files);
  if (files.length === 0) return;
  const words = document.createElement("p");
  words.className = "muted";
  words.textContent = `${files.length} ${picker.dataset.chosen}`;
  const tiles = document.createElement("div");
  tiles.className = "photos";
  for (const file of files.slice(0, THUMBNAILS_SHOWN)) tiles.append(tileOf(file));
  list.append(words, tiles);
}

function tileOf(file) {
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
  tile.append(image);
  return tile;
}

for (const picker of document.querySelectorAll("[data-photo-picker]")) {
  const input = picker.querySelector("input[type=file]");
  const button = document.createElement("span");
  button.className = "btn second";
  button.textContent = picker.dataset.choose;
  button.setAttribute("aria-hidden", "true");
  const list = document.createElement("div");
  list.setAttribute("aria-live", "polite");
  const face = document.createElement("div");
  face.className = "file-face";
  input.replaceWith(face);
  face.append(input, button);
  face.after(list);
  input.addEventListener("change", () => showChosen(picker, input, list));
}
