// The card of an answer: verdict, responsible unit and team, powers, certainty, zones with their law.

import { el, terms } from "../shared/dom.js";
import { picture } from "../shared/marks.js";
import { effectWord, say } from "../shared/page.js";

const list = (title, lines, tag = "ul") =>
  lines.length === 0 ? null : el("section", {}, el("h3", {}, title), el(tag, {}, ...lines.map((line) => el("li", {}, line))));

function zone({ name, kind, effect, how, basis, authority, consequence, permit }) {
  const word = effect ? effectWord(effect) : say("no_effect");
  const rows = [
    { label: say("relation"), text: how },
    { label: say("permit_label"), text: permit },
    { label: say("basis"), text: basis.join("\n") },
    { label: say("authority"), text: authority },
    { label: say("consequence"), text: consequence },
  ];
  const head = el("summary", {}, effect ? picture(effect, "certain") : null, el("span", {}, `${name} · ${word}`));
  return el("details", { class: "zone-law" }, head, el("p", { class: "meta" }, kind), terms(rows));
}

function zones(answer) {
  if (answer.zones.length === 0) return null;
  return el("section", {}, el("h3", {}, say("zones")), ...answer.zones.map(zone));
}

/** A condition of the law with its answer; buttons where `answer` can be called with one. */
function condition({ code, text, note, met }, answer) {
  const given = met === null ? "" : say(met ? "yes" : "no");
  const button = (value, word) =>
    el("button", { type: "button", class: "choice", "aria-pressed": String(met === value), click: () => answer(code, value) }, say(word));
  const choices = answer ? el("span", { class: "choices" }, button(true, "yes"), button(false, "no")) : el("b", {}, given);
  return el("li", { "data-condition": code }, el("span", {}, text), choices, note ? el("small", {}, note) : null);
}

function conditions(questions, answer) {
  if (questions.length === 0) return null;
  return el("section", { class: "questions" }, el("h3", {}, say("questions")), el("ul", {}, ...questions.map((one) => condition(one, answer))));
}

/** The headline, in the effect's colour. */
export const band = ({ effect, sign = effect, certainty, headline }) =>
  el("h2", { class: `band band-${sign.replace("_", "-")}` }, picture(sign, certainty), el("span", {}, headline));

const folded = (answer) =>
  answer.lines.length === 0 ? null : el("details", {}, el("summary", {}, say("all_lines")), terms(answer.lines));

/** The whole card. `state(code, met)` is called with the answer to a condition; without it none can be given. */
export function verdictCard(answer, state = null) {
  const stamp = answer.offline ? el("p", { class: "stamp" }, say("offline_stamp", { date: answer.date })) : null;
  const missing = answer.missing.length > 0 ? el("p", {}, say("missing", { names: answer.missing.join(say("comma")) })) : null;
  return el(
    "article",
    { class: "verdict", "data-effect": answer.effect, "data-offline": String(answer.offline) },
    band(answer),
    stamp,
    answer.why ? el("p", { class: "why" }, answer.why) : null,
    conditions(answer.questions, state),
    el("p", { class: "ground" }, el("b", {}, answer.ground || say("no_ground")), answer.team ? el("span", {}, answer.team) : null),
    list(say("may"), answer.may, "ol"),
    list(say("sure"), answer.sure),
    zones(answer),
    missing,
    answer.shift ? el("p", { class: "meta" }, answer.shift) : null,
    el("p", { class: "meta" }, say(answer.offline ? "offline_note" : "data_date", { date: answer.date })),
    folded(answer),
  );
}
