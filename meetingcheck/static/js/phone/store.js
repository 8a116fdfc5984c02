// What a phone keeps, in IndexedDB: each form's page as the server last gave it, the form's fields, its photos, the bytes
// of each photo apart, and a few notes. Everything carries the account that it belongs to.

const NAME = "meetingcheck";
const VERSION = 2;
const STORES = { forms: "key", photos: "id", blobs: null, notes: null, pages: "key" };
const DURABLE = { durability: "strict" }; // a flat battery is no excuse
let opened;

function open() {
  if (!opened) {
    opened = new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        const database = request.result;
        for (const [name, keyPath] of Object.entries(STORES)) {
          if (!database.objectStoreNames.contains(name)) database.createObjectStore(name, { keyPath });
        }
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        // A newer version of the page, in another tab, must not wait for this one.
        request.result.onversionchange = () => {
          request.result.close();
          opened = undefined;
        };
        resolve(request.result);
      };
    });
    opened.catch(() => {
      opened = undefined;
    });
  }
  return opened;
}

// Runs `work` in one transaction; the answer is the result of the request that it gives back.
async function run(names, mode, work) {
  let transaction;
  try {
    transaction = (await open()).transaction(names, mode, DURABLE);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    opened = undefined; // the browser has ended the connection: no room, too little memory, all data taken away
    transaction = (await open()).transaction(names, mode, DURABLE);
  }
  return new Promise((resolve, reject) => {
    const asked = work(transaction);
    transaction.oncomplete = () => resolve(asked && asked.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export function formKey(account, path, client) {
  return `${account} ${path} ${client}`;
}

export async function listForms(account) {
  const all = await run("forms", "readonly", (work) => work.objectStore("forms").getAll());
  return all.filter((one) => one.account === account).sort((one, other) => other.savedAt - one.savedAt);
}

export function putForm(record) {
  return run("forms", "readwrite", (work) => work.objectStore("forms").put(record));
}

// Writes a form down with what one tab has changed in it; what another tab of the phone has changed stays. Not after
// signing out in another tab, which has taken all off the phone. One transaction, as the page may be going away.
export function mergeForm(record, changes) {
  return run(["forms", "notes"], "readwrite", (work) => {
    const [forms, account] = [work.objectStore("forms"), work.objectStore("notes").get("account")];
    const asked = forms.get(record.key);
    asked.onsuccess = () => {
      if (account.result === "") return;
      const there = asked.result ? asked.result.fields : record.fields;
      forms.put({ ...record, fields: { ...there, ...changes } });
    };
    return asked;
  });
}

export function removeForm(key) {
  return run("forms", "readwrite", (work) => work.objectStore("forms").delete(key));
}

export async function listPhotos(account) {
  const all = await run("photos", "readonly", (work) => work.objectStore("photos").getAll());
  return all.filter((one) => one.account === account).sort((one, other) => one.place - other.place);
}

export function addPhoto(row, blob) {
  return run(["photos", "blobs"], "readwrite", (work) => {
    work.objectStore("blobs").put(blob, row.id);
    return work.objectStore("photos").put(row);
  });
}

// Changes a photo that is still there, and still in the state `only` if that is given; with `blob` its bytes too: null
// takes them away.
export function changePhoto(id, changes, blob, only) {
  return run(["photos", "blobs"], "readwrite", (work) => {
    const asked = work.objectStore("photos").get(id);
    asked.onsuccess = () => {
      if (!asked.result || (only && asked.result.state !== only)) return;
      work.objectStore("photos").put(Object.assign(asked.result, changes));
      if (blob) work.objectStore("blobs").put(blob, id);
      if (blob === null) work.objectStore("blobs").delete(id);
    };
    return asked;
  });
}

// Lets two photos change places, as they are now.
export function exchangePlaces(id, otherId) {
  return run("photos", "readwrite", (work) => {
    const photos = work.objectStore("photos");
    const [asked, other] = [photos.get(id), photos.get(otherId)];
    other.onsuccess = () => {
      const [one, two] = [asked.result, other.result];
      if (!one || !two) return;
      photos.put({ ...one, place: two.place });
      photos.put({ ...two, place: one.place });
    };
    return other;
  });
}

export function getBlob(id) {
  return run("blobs", "readonly", (work) => work.objectStore("blobs").get(id));
}

export function removePhoto(id) {
  return run(["photos", "blobs"], "readwrite", (work) => {
    work.objectStore("blobs").delete(id);
    return work.objectStore("photos").delete(id);
  });
}

// Pages: `where` is a path, with its draft if it names one.

export function getPage(account, where) {
  return run("pages", "readonly", (work) => work.objectStore("pages").get(`${account} ${where}`));
}

export function putPage(account, where, copy) {
  const page = { ...copy, key: `${account} ${where}`, account, where, keptAt: Date.now() };
  return run("pages", "readwrite", (work) => work.objectStore("pages").put(page));
}

export function removePage(key) {
  return run("pages", "readwrite", (work) => work.objectStore("pages").delete(key));
}

export async function listPages(account) {
  const all = await run("pages", "readonly", (work) => work.objectStore("pages").getAll());
  return all.filter((one) => one.account === account).sort((one, other) => other.keptAt - one.keptAt);
}

export function getNote(name) {
  return run("notes", "readonly", (work) => work.objectStore("notes").get(name));
}

export function setNote(name, value) {
  return run("notes", "readwrite", (work) => work.objectStore("notes").put(value, name));
}

// Whether a form has words of which the phone does not know that they were sent.
export function isUnsent(record) {
  return record.typedAt !== null;
}

// Whether there are words of which the server is not known to have them, not even as a draft.
export function hasNews(record) {
  return isUnsent(record) && record.submitted !== JSON.stringify(record.fields);
}

export async function unsentOf(account) {
  const forms = (await listForms(account)).filter(isUnsent);
  const photos = (await listPhotos(account)).filter((one) => one.state !== "arrived");
  return { forms, photos };
}

export async function forget(account) {
  const forms = await listForms(account);
  const photos = await listPhotos(account);
  for (const one of forms) await removeForm(one.key);
  for (const one of photos) await removePhoto(one.id);
  for (const one of await listPages(account)) await removePage(one.key);
  const names = await run("notes", "readonly", (work) => work.objectStore("notes").getAllKeys());
  for (const name of names.filter((one) => one.includes(account))) {
    await run("notes", "readwrite", (work) => work.objectStore("notes").delete(name));
  }
}
