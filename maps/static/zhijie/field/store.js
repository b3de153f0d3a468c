// The phone's storage (IndexedDB): the pack, the queue of reports, their photos. No page in here.

const NAME = "zhijie-field";
const VERSION = 1;
let opened = null;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("queue", { keyPath: "key" });
      request.result.createObjectStore("photos", { keyPath: "id" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const stored = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });

async function within(names, mode, act) {
  // "strict": on disk before a report counts as queued; a phone may lose power at any moment.
  const transaction = (await open()).transaction(names, mode, { durability: "strict" });
  const whole = stored(transaction);
  const found = await act((name) => transaction.objectStore(name));
  await whole;
  return found;
}

export const read = (name, key) => within([name], "readonly", (store) => done(store(name).get(key)));
export const all = (name) => within([name], "readonly", (store) => done(store(name).getAll()));
export const write = (name, value, key) => within([name], "readwrite", (store) => done(store(name).put(value, key)));

/** Write a report with its photos: all of it, or nothing. */
export const writeItem = (item, photos) =>
  within(["queue", "photos"], "readwrite", async (store) => {
    for (const photo of photos) store("photos").put(photo);
    await done(store("queue").put(item));
  });

/** Delete photos, and an item if its key is given. */
export const drop = (ids, key = null) =>
  within(["queue", "photos"], "readwrite", async (store) => {
    for (const id of ids) store("photos").delete(id);
    if (key !== null) store("queue").delete(key);
  });

/** Change an item in one transaction; returns it, or null where it has been deleted. */
export const change = (key, how) =>
  within(["queue"], "readwrite", async (store) => {
    const item = await done(store("queue").get(key));
    if (!item) return null;
    how(item);
    await done(store("queue").put(item));
    return item;
  });
