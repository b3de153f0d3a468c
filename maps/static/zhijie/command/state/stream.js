// The stream of events. It is read by fetch and not by EventSource, which hides heartbeats and HTTP statuses:
// this way a dead connection is noticed, and the end of the session as well.

const SILENCE_MS = 40_000; // the server sends a heartbeat every 15 s
const STALE_MS = 5_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Call `onEvent(name, data, id)` for each event of a text/event-stream, and `alive()` for every chunk. */
async function read(body, alive, onEvent) {
  let rest = "";
  for await (const piece of pieces(body)) {
    alive();
    rest += piece;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) parse(block, onEvent);
  }
}

async function* pieces(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

function parse(block, onEvent) {
  const fields = { event: "message", data: "", id: null };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(event|data|id): ?(.*)$/.exec(line) ?? [];
    if (name === "data") fields.data += value;
    else if (name) fields[name] = value;
  }
  if (fields.data !== "" || fields.id !== null) onEvent(fields.event, fields.data ? JSON.parse(fields.data) : {}, fields.id);
}

export class Stream {
  #handlers;
  #state = "";
  #last = null;
  #seen = 0;
  #running = null;
  #wake = null;
  #down = null;

  /** `handlers`: {event(name, data), state(name)}; states: waiting, live, stale, out (signed out). */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** When the server last sent something, ms since 1970; 0: never. */
  get seen() {
    return this.#seen;
  }

  start(after = null) {
    this.#last = after;
    this.#setState("waiting");
    this.#markDown();
    window.addEventListener("offline", () => this.#running?.abort());
    window.addEventListener("online", () => this.#wake?.());
    this.#run();
  }

  async #run() {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      if (await this.#listen()) wait = FIRST_WAIT_MS;
      if (this.#state === "out") return;
      this.#markDown();
      await Promise.race([pause(wait), new Promise((done) => (this.#wake = done))]);
      // Growing pauses: after a restart of the service not all walls come back in the same second.
      wait = Math.min(LONGEST_WAIT_MS, 2 * wait);
    }
  }

  /** Read until the connection breaks; true where it was established. */
  async #listen() {
    this.#running = new AbortController();
    const { signal } = this.#running;
    let silence;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#running.abort(), SILENCE_MS);
      this.#seen = Date.now();
      this.#setState("live");
    };
    try {
      const headers = this.#last === null ? {} : { "Last-Event-ID": String(this.#last) };
      const answer = await fetch("/api/live", { signal, headers, cache: "no-store" });
      if (answer.status === 401) this.#setState("out");
      if (!answer.ok) return false;
      alive();
      await read(answer.body, alive, (name, data, id) => this.#deliver(name, data, id));
      return true;
    } catch {
      return this.#state === "live"; // connection broken: #run reconnects
    } finally {
      clearTimeout(silence);
    }
  }

  #deliver(name, data, id) {
    if (id !== null) this.#last = id;
    this.#handlers.event(name, data);
  }

  /** The connection is broken: after a while the page is marked as stale. */
  #markDown() {
    if (this.#state === "live") this.#setState("waiting");
    if (this.#state !== "stale") this.#down ??= setTimeout(() => this.#setState("stale"), STALE_MS);
  }

  #setState(state) {
    if (state === this.#state) return;
    clearTimeout(state === "live" ? this.#down : undefined);
    if (state === "live" || state === "stale") this.#down = null;
    this.#state = state;
    this.#handlers.state(state);
  }
}
