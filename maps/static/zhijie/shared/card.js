// The card of a report: the verdict in words, the description, and its data.

import { el, terms } from "./dom.js";
import { picture } from "./marks.js";
import { effectWord, say } from "./page.js";

// Swedish writes a moment the way we want it: 2022-09-07 10:05. Offices keep the time of Beijing.
const clock = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });

function moment(iso) {
  const time = new Date(iso ?? NaN);
  return Number.isNaN(time.getTime()) ? (iso ?? "") : clock.format(time);
}

/** Facts that the verdict's words do not contain. */
function facts(report) {
  return terms([
    { label: say("received_at"), text: moment(report.received_at) },
    { label: say("report_id"), text: report.id },
  ]);
}

/** The full card, from GET /api/reports/{id}. */
export function reportCard(report) {
  const { headline, lines } = report.words;
  const metres = Math.round(report.verdict?.location?.accuracy_m ?? 0);
  return el(
    "article",
    { class: "report-card", tabindex: "-1" },
    el("h2", {}, picture(report.effect, report.certainty), headline || effectWord(report.effect)),
    report.sample ? el("p", { class: "sample" }, say("sample")) : null,
    terms(lines),
    report.description ? el("blockquote", { "data-label": say("description") }, report.description) : null,
    metres > 0 ? el("p", { class: "meta" }, say("accuracy_disc", { metres })) : null,
    facts(report),
  );
}

export const waitingCard = () => el("p", { class: "report-card waiting" }, say("verdict_loading"));

export function failedCard(reason, retry) {
  // The button is removed before the click reaches the map, which would then take it for a click on the ground.
  const click = (event) => {
    event.stopPropagation();
    retry();
  };
  const button = el("button", { type: "button", click }, say("retry"));
  return el("div", { class: "report-card" }, el("p", {}, say("verdict_failed", { reason })), button);
}
