// The case under the feed: a report's verdict, its assignments, and forms to assign it or change its state.

import { failedCard, reportCard, waitingCard } from "../../shared/card.js";
import { el, terms } from "../../shared/dom.js";
import { getJson, isAbort, sendJson } from "../../shared/http.js";
import { number, page, say } from "../../shared/page.js";
import { may } from "../state/session.js";
import { momentOf, today } from "../state/times.js";

const place = document.getElementById("case");
const body = document.getElementById("case-body");

const CLOCKS = { 1: "clock_in_time", 2: "clock_last_day", 3: "clock_overdue" };

/** The assignments of a report, newest first. */
function assignmentList(report) {
  const rows = report.hands ?? [];
  if (rows.length === 0) return el("p", { class: "meta" }, say("hand_nobody"));
  const items = rows.map((hand, index) => {
    const unit = hand.unit_code === report.unit_code ? report.unit_name : hand.unit_code;
    const who = [hand.name ?? hand.account, unit].filter(Boolean).join(" · ");
    const span = [say("hand_since", { since: momentOf(hand.since) }), hand.until && say("hand_until", { until: hand.until })];
    const by = say("hand_by", { by: hand.by_name || "–", reason: hand.reason });
    const now = index === 0 && !hand.ended_at;
    return el("li", { class: now ? "now" : null }, el("b", {}, who), ` ${span.filter(Boolean).join(" ")}`, el("small", {}, by));
  });
  return el("ol", { class: "hands" }, ...items);
}

function due(report) {
  const clock = CLOCKS[report.clock];
  const rows = [
    { label: say("status"), text: report.status_name ?? report.status },
    { label: say("due"), text: report.due_on && [report.due_on, clock && say(clock)].filter(Boolean).join(" · ") },
  ];
  return terms(rows);
}

function field(label, control, name) {
  control.setAttribute("aria-describedby", `fault-${name}`);
  control.setAttribute("name", name);
  return el("label", {}, el("span", {}, label), control, el("span", { class: "fault", id: `fault-${name}`, role: "alert" }));
}

const choices = (rows) => rows.map(([value, text]) => el("option", { value }, text));
const reason = (name) => el("input", { type: "text", required: true, maxlength: 500, autocomplete: "off" });

/** A form that sends the result of `payload(form)`, and shows each error at the field it is about. */
function form(id, title, fields, { path, payload, sent, prefix }) {
  const general = el("p", { class: "fault", role: "alert" });
  const button = el("button", { type: "submit" }, title);
  const submit = async (event) => {
    event.preventDefault();
    for (const fault of made.querySelectorAll(".fault")) fault.textContent = "";
    button.disabled = true;
    try {
      const changed = await sendJson("POST", path, payload(new FormData(made)));
      made.reset();
      sent(changed);
    } catch (error) {
      const name = error.field === "unit" ? "account" : error.field;
      const at = name && made.querySelector(`#fault-${prefix}-${name}`);
      (at || general).textContent = error.message;
      if (at) made.elements[`${prefix}-${name}`].focus();
      button.disabled = false;
    }
  };
  const made = el("form", { id, class: "step", submit }, el("h3", {}, title), ...fields, button, general);
  return made;
}

function assignForm(report, people, sent) {
  const who = [
    ...people.map(({ account, name, role }) => [`account:${account}`, `${name} · ${page.roles[role] ?? role}`]),
    ...(report.unit_code ? [[`unit:${report.unit_code}`, say("whole_unit", { name: report.unit_name || report.unit_code })]] : []),
  ];
  const fields = [
    field(say("hand_to"), el("select", { required: true }, ...choices([["", say("choose")], ...who])), "hand-account"),
    field(say("hand_until_day"), el("input", { type: "date", min: today() }), "hand-until"),
    field(say("reason"), reason(), "hand-reason"),
  ];
  const payload = (given) => {
    const [kind, value] = given.get("hand-account").split(/:(.*)/);
    const until = given.get("hand-until");
    const to = kind === "account" ? { account: Number(value) } : { unit: value };
    return { ...to, ...(until ? { until } : {}), reason: given.get("hand-reason") };
  };
  return form("assign", say("assign"), fields, { path: `/api/reports/${report.id}/hand`, payload, sent, prefix: "hand" });
}

function statusForm(report, sent) {
  const next = (report.next_statuses ?? []).map(({ code, name }) => [code, name]);
  if (next.length === 0) return null;
  const fields = [
    field(say("status_next"), el("select", { required: true }, ...choices([["", say("choose")], ...next])), "status-status"),
    field(say("reason"), reason(), "status-reason"),
  ];
  const payload = (given) => ({ status: given.get("status-status"), reason: given.get("status-reason") });
  return form("move", say("status_change"), fields, { path: `/api/reports/${report.id}/status`, payload, sent, prefix: "status" });
}

/** The people who can be assigned the report. */
async function people(report, signal) {
  if (!may("assign") || !report.unit_code) return [];
  return (await getJson("/api/people", { unit: report.unit_code }, signal)).people;
}

/** What was typed or chosen in the forms and not sent yet, as [form, field, value]. */
function drafts() {
  const fields = [...body.querySelectorAll("form [name]")].filter((control) => control.value !== "");
  return fields.map((control) => [control.form.id, control.name, control.value]);
}

const fieldOf = ([formId, name]) => body.querySelector(`#${formId} [name="${name}"]`);

/** Put drafts back into the forms; a choice that is no longer offered is lost. */
function putBack(kept) {
  for (const draft of kept) {
    const control = fieldOf(draft);
    const offered = control && (!control.options || [...control.options].some(({ value }) => value === draft[2]));
    if (offered) control.value = draft[2];
  }
}

/** Scroll the case into view; on a telephone the whole panel is scrolled. */
function bringUp(card) {
  place.scrollTop = 0;
  if (window.matchMedia("(max-width: 720px)").matches) place.parentElement.scrollTop = place.offsetTop;
  card.focus({ preventScroll: true });
}

export class Case {
  #running = null;
  #changed;
  #shown = null; // the report whose card and forms are there
  id = null;

  /** `changed(report)` is called for each report that was opened or changed; with null when the case closes. */
  constructor(changed) {
    this.#changed = changed;
    document.getElementById("case-close").addEventListener("click", () => this.close());
  }

  async open(id, { focus = true } = {}) {
    this.#running?.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.id = id;
    place.hidden = false;
    if (this.#shown !== id) this.#replace(null, waitingCard());
    try {
      const report = await getJson(`/api/reports/${encodeURIComponent(id)}`, {}, signal);
      const assignable = await people(report, signal);
      this.#show(report, assignable, focus);
    } catch (error) {
      if (isAbort(error)) return;
      if (error.status === 404) this.#replace(null, el("p", {}, say("case_missing", { id: number(id) })));
      else this.#replace(null, failedCard(error.message, () => this.open(id)));
    }
  }

  #replace(shown, ...parts) {
    this.#shown = shown;
    body.replaceChildren(...parts);
  }

  /** Show the changed report again, unless the user is typing; drafts are kept. */
  again(id) {
    if (id === this.id && !body.querySelector("form:focus-within")) this.open(id, { focus: false });
  }

  #show(report, assignable, focus) {
    const sent = () => this.open(report.id);
    const card = reportCard(report);
    const parts = [card, el("h3", {}, say("hands")), due(report), assignmentList(report)];
    if (may("assign")) parts.push(assignForm(report, assignable, sent));
    if (may("assign", "file")) parts.push(statusForm(report, sent));
    const kept = this.#shown === report.id ? drafts() : [];
    const typing = this.#shown === report.id && body.querySelector("form :focus[name]");
    this.#replace(report.id, ...parts.filter(Boolean));
    putBack(kept);
    if (typing) fieldOf([typing.form.id, typing.name])?.focus();
    else if (focus) bringUp(card);
    this.#changed(report);
  }

  close() {
    if (place.hidden) return false;
    this.#running?.abort();
    this.id = null;
    place.hidden = true;
    this.#replace(null);
    this.#changed(null);
    return true;
  }
}
