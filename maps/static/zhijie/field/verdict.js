// The card of an answer: verdict line, ground and team, what may be done now, how sure, zones with their law.

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

function zones(told) {
  if (told.zones.length === 0) return null;
  return el("section", {}, el("h3", {}, say("zones")), ...told.zones.map(zone));
}

/** The line that is read first, in the effect's colour. */
export const band = ({ effect, certainty, headline }) =>
  el("h2", { class: `band band-${effect.replace("_", "-")}` }, picture(effect, certainty), el("span", {}, headline));

const folded = (told) =>
  told.lines.length === 0 ? null : el("details", {}, el("summary", {}, say("all_lines")), terms(told.lines));

/** The whole card. */
export function verdictCard(told) {
  const stamp = told.offline ? el("p", { class: "stamp" }, say("offline_stamp", { date: told.date })) : null;
  const missing = told.missing.length > 0 ? el("p", {}, say("missing", { names: told.missing.join(say("comma")) })) : null;
  return el(
    "article",
    { class: "verdict", "data-effect": told.effect, "data-offline": String(told.offline) },
    band(told),
    stamp,
    told.why ? el("p", { class: "why" }, told.why) : null,
    el("p", { class: "ground" }, el("b", {}, told.ground || say("no_ground")), told.team ? el("span", {}, told.team) : null),
    list(say("may"), told.may, "ol"),
    list(say("sure"), told.sure),
    zones(told),
    missing,
    told.shift ? el("p", { class: "meta" }, told.shift) : null,
    el("p", { class: "meta" }, say(told.offline ? "offline_note" : "data_date", { date: told.date })),
    folded(told),
  );
}
