// The feed: one line a report, newest first, each a button that opens its case.

import { el } from "../../shared/dom.js";
import { getJson, isAbort } from "../../shared/http.js";
import { picture } from "../../shared/marks.js";
import { effectWord, say } from "../../shared/page.js";
import { may } from "../state/session.js";
import { filterQuery, passes } from "../state/state.js";
import { ago, momentOf } from "../state/times.js";
import { categoryName } from "../state/vocabulary.js";

const PAGE = 50;
const MOST = 300;
const FRESH_MS = 30_000;
const CLOCKS = { 2: "clock_last_day", 3: "clock_overdue" };

const list = document.getElementById("feed");
const note = document.getElementById("feed-note");
const more = document.getElementById("feed-more");
const again = document.getElementById("feed-again");

function line(report, open) {
  const { id, effect, certainty, unit_name: unit, received_at: at, clock, urgent, sample } = report;
  const matter = report.category_name ?? categoryName(report.category);
  const tags = [urgent && say("urgent"), CLOCKS[clock] && say(CLOCKS[clock])].filter(Boolean);
  const parts = [
    picture(effect, certainty),
    el("span", { class: "unseen" }, effectWord(effect)),
    el("b", {}, unit || say("outside")),
    el("span", { class: "matter" }, matter),
    el("span", { class: `tags clock-${clock}` }, tags.join(" ")),
    el("time", { datetime: at, title: momentOf(at) }, ago(at)),
  ];
  const button = el("button", { type: "button", "data-id": id, click: () => open(id) }, ...parts);
  return el("li", { class: sample ? "sample" : null, "data-urgent": urgent ? "true" : null }, button);
}

export class Feed {
  #open;
  #failed;
  #lines = new Map();
  #next = null;
  #running = null;

  /** `open(id)` opens a case; `failed(error)` is called with the error of a request, with null on success. */
  constructor({ open, failed }) {
    this.#open = open;
    this.#failed = failed;
    more.addEventListener("click", () => this.#add());
    again.addEventListener("click", () => this.load());
    setInterval(() => this.#age(), 20_000);
  }

  /** Load the feed from the server. */
  async load() {
    if (!may("read", "file")) return this.#fail({ status: 403 });
    const reports = await this.#fetch("/api/feed", { ...filterQuery(), limit: PAGE });
    if (!reports) return;
    list.replaceChildren();
    this.#lines.clear();
    for (const report of reports) this.#append(report);
    this.#showState();
  }

  /** Fetch the newest lines and merge them into the feed. */
  async catchUp() {
    const next = this.#next;
    const reports = await this.#fetch("/api/feed", { ...filterQuery(), limit: PAGE });
    if (!reports) return;
    if (next !== null && this.#lines.size > PAGE) this.#next = next;
    for (const report of reports.reverse()) this.#set(report);
    this.#showState();
  }

  async #add() {
    const reports = await this.#fetch(this.#next, {});
    if (!reports) return;
    for (const report of reports) this.#append(report);
    this.#showState();
  }

  async #fetch(path, query) {
    this.#running?.abort();
    this.#running = new AbortController();
    note.textContent = this.#lines.size === 0 ? say("feed_loading") : "";
    again.hidden = true;
    try {
      const { reports, next } = await getJson(path, query, this.#running.signal);
      this.#next = next ?? null;
      this.#failed(null);
      return reports;
    } catch (error) {
      if (!isAbort(error)) this.#fail(error);
      return null;
    }
  }

  #fail(error) {
    more.hidden = true;
    if (error.status === 403) {
      note.textContent = say("feed_forbidden");
    } else {
      note.textContent = say("feed_failed", { reason: error.message });
      again.hidden = false;
    }
    this.#failed(error);
  }

  /** Take a report of the stream: true where it is in the feed now, null where only the server knows. */
  take(report, fresh) {
    const pass = passes(report);
    if (pass === false) this.#drop(report.id);
    else if (pass || this.#lines.has(report.id)) this.#set(report, fresh);
    this.#showState();
    return pass;
  }

  #append(report) {
    if (this.#lines.has(report.id)) return;
    const item = line(report, this.#open);
    this.#lines.set(report.id, item);
    list.append(item);
  }

  #set(report, fresh = false) {
    const item = line(report, this.#open);
    const old = this.#lines.get(report.id);
    this.#lines.set(report.id, item);
    if (old) this.#replace(old, item);
    else this.#insert(report.id, item);
    if (!fresh) return;
    item.classList.add("fresh");
    setTimeout(() => item.classList.remove("fresh"), FRESH_MS);
  }

  #replace(old, item) {
    const held = old.contains(document.activeElement);
    if (old.querySelector("[aria-current]")) item.firstElementChild.setAttribute("aria-current", "true");
    old.replaceWith(item);
    if (held) item.firstElementChild.focus({ preventScroll: true });
  }

  /** Insert a line by its id: the newest is on top. */
  #insert(id, item) {
    const after = [...list.children].find((other) => Number(other.firstElementChild.dataset.id) < id);
    if (!after && this.#next !== null) return void this.#lines.delete(id); // it belongs to a page that is not loaded yet
    list.insertBefore(item, after ?? null);
    while (list.childElementCount > MOST) this.#drop(Number(list.lastElementChild.firstElementChild.dataset.id));
  }

  #drop(id) {
    this.#lines.get(id)?.remove();
    this.#lines.delete(id);
  }

  #showState() {
    more.hidden = this.#next === null;
    note.textContent = this.#lines.size === 0 ? say("feed_empty") : "";
  }

  #age() {
    for (const time of list.querySelectorAll("time")) time.textContent = ago(time.dateTime);
  }

  /** Mark the line of the open case. */
  mark(id) {
    list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    this.#lines.get(id)?.firstElementChild.setAttribute("aria-current", "true");
  }

  /** Focus and open the next line. */
  step() {
    const buttons = [...list.querySelectorAll("button")];
    if (buttons.length === 0) return;
    const at = buttons.findIndex((button) => button.hasAttribute("aria-current"));
    const next = buttons[(at + 1) % buttons.length];
    next.focus();
    next.click();
  }
}
