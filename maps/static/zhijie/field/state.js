// The state of the page: one place, one matter, one answer. Interested parts listen for changes.

const events = new EventTarget();

export const state = {
  place: null, // {x, y, datum, accuracy_m, how}; {lon, lat} as well once the position on the map is known
  outline: null, // a closed ring of [lon, lat], with accuracy_m
  matter: null, // code
  answer: null, // the last answer
  stated: {}, // conditions that the officer has answered: code → whether it is met
};

/** Change values and notify their listeners. */
export function put(change) {
  Object.assign(state, change);
  for (const name of Object.keys(change)) events.dispatchEvent(new CustomEvent(name));
}

export const on = (name, listener) => events.addEventListener(name, listener);
