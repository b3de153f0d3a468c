// The card of a parcel: areas, permits, earlier reports, neighbours.

import { el, terms } from "../shared/dom.js";
import { effectWord, number, say } from "../shared/page.js";
import { dayOf } from "./days.js";

const MU_PER_M2 = 3 / 2000;
const mu = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function area(m2) {
  return m2 === null || m2 === undefined ? "" : say("area", { m2: number(m2), mu: mu.format(m2 * MU_PER_M2) });
}

function permit({ number: code, holder, use_names: uses, valid_from: first, valid_to: last, state_name: state }) {
  const days = first || last ? `${first ?? "…"} – ${last ?? "…"}` : "";
  return [code, holder, uses.join(say("comma")), days, state].filter(Boolean).join(" · ");
}

const report = ({ id, received_at: receivedAt, effect, category_name: matter, sample }) =>
  [dayOf(receivedAt), matter, effectWord(effect), `#${id}`, sample ? say("sample") : ""].filter(Boolean).join(" · ");

const lines = (title, rows, none) =>
  el("section", {}, el("h3", {}, title), rows.length === 0 ? el("p", { class: "meta" }, none) : el("ul", {}, ...rows.map((row) => el("li", {}, row))));

const neighbours = (near, button) =>
  el("details", {}, el("summary", {}, say("parcel_neighbours", { count: number(near.length) })), el("div", { class: "neighbours" }, ...near.map(button)));

/** The card; `choose` is called with the number of a neighbour that is tapped. */
export function parcelCard(parcel, choose) {
  const rows = [
    { label: say("parcel_number"), text: parcel.number },
    { label: say("parcel_name"), text: parcel.name },
    { label: say("parcel_class"), text: [parcel.land_class_name, parcel.land_class, parcel.scheme_name].filter(Boolean).join(" · ") },
    { label: say("parcel_official"), text: area(parcel.official_area_m2) },
    { label: say("parcel_measured"), text: area(parcel.measured_area_m2) },
  ];
  const neighbour = (code) => el("button", { type: "button", click: () => choose(code) }, code);
  const near = parcel.neighbours ?? [];
  return el(
    "article",
    { class: "parcel" },
    el("h2", {}, say("parcel")),
    parcel.sample ? el("p", { class: "stamp" }, say("sample")) : null,
    terms(rows),
    lines(say("parcel_permits"), (parcel.permits ?? []).map(permit), say("parcel_no_permits")),
    lines(say("parcel_reports"), (parcel.reports ?? []).map(report), say("parcel_no_reports")),
    near.length === 0 ? null : neighbours(near, neighbour),
  );
}
