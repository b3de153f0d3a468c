// The stream of what happens. It is read by hand and not by EventSource, which hides heartbeats and statuses:
// a line that is dead without saying so is noticed here, and who is signed out is told so.

const SILENCE_MS = 40_000; // the server sends a sign of life each 15 s
const STALE_MS = 5_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Give each event of a text/event-stream to `told(name, data, id)`; `alive` hears of every piece. */
async function read(body, alive, told) {
  let rest = "";
  for await (const piece of pieces(body)) {
    alive();
    rest += piece;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) parse(block, told);
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

function parse(block, told) {
  const fields = { event: "message", data: "", id: null };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(event|data|id): ?(.*)$/.exec(line) ?? [];
    if (name === "data") fields.data += value;
    else if (name) fields[name] = value;
  }
  if (fields.data !== "" || fields.id !== null) told(fields.event, fields.data ? JSON.parse(fields.data) : {}, fields.id);
}

export class Stream {
  #heard;
  #state = "";
  #last = null;
  #seen = 0;
  #running = null;
  #wake = null;
  #down = null;

  /** `heard`: {event(name, data), state(name)}; states: waiting, live, stale, out (signed out). */
  constructor(heard) {
    this.#heard = heard;
  }

  /** When the server was last heard of, in ms; 0: never. */
  get seen() {
    return this.#seen;
  }

  start(after = null) {
    this.#last = after;
    this.#turn("waiting");
    this.#fall();
    window.addEventListener("offline", () => this.#running?.abort());
    window.addEventListener("online", () => this.#wake?.());
    this.#keep();
  }

  async #keep() {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      if (await this.#listen()) wait = FIRST_WAIT_MS;
      if (this.#state === "out") return;
      this.#fall();
      await Promise.race([pause(wait), new Promise((done) => (this.#wake = done))]);
      wait = Math.min(LONGEST_WAIT_MS, 2 * wait);
    }
  }

  /** Listen until the line breaks; true where it stood for a while. */
  async #listen() {
    this.#running = new AbortController();
    const { signal } = this.#running;
    let silence;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#running.abort(), SILENCE_MS);
      this.#seen = Date.now();
      this.#turn("live");
    };
    try {
      const headers = this.#last === null ? {} : { "Last-Event-ID": String(this.#last) };
      const answer = await fetch("/api/live", { signal, headers, cache: "no-store" });
      if (answer.status === 401) this.#turn("out");
      if (!answer.ok) return false;
      alive();
      await read(answer.body, alive, (name, data, id) => this.#tell(name, data, id));
      return true;
    } catch {
      return this.#state === "live"; // the line broke: #keep takes it up again
    } finally {
      clearTimeout(silence);
    }
  }

  #tell(name, data, id) {
    if (id !== null) this.#last = id;
    this.#heard.event(name, data);
  }

  /** The line is broken: after a while of that, what is shown is old. */
  #fall() {
    if (this.#state === "live") this.#turn("waiting");
    if (this.#state !== "stale") this.#down ??= setTimeout(() => this.#turn("stale"), STALE_MS);
  }

  #turn(state) {
    if (state === this.#state) return;
    clearTimeout(state === "live" ? this.#down : undefined);
    if (state === "live" || state === "stale") this.#down = null;
    this.#state = state;
    this.#heard.state(state);
  }
}
