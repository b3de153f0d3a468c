// What the officer is at: one place, one matter, one answer. Whoever needs to know listens.

const heard = new EventTarget();

export const state = {
  place: null, // {x, y, datum, accuracy_m, how}; the map's own place once known: {lon, lat}
  outline: null, // a closed ring of [lon, lat], with accuracy_m
  matter: null, // code
  told: null, // the last answer
};

/** Change something and tell it. */
export function put(change) {
  Object.assign(state, change);
  for (const name of Object.keys(change)) heard.dispatchEvent(new CustomEvent(name));
}

export const on = (name, hear) => heard.addEventListener(name, hear);
