// Popups of reports and parcels: their essentials, fetched on the click.

import { failedCard, waitingCard } from "../../shared/card.js";
import { el, terms } from "../../shared/dom.js";
import { getJson, isAbort } from "../../shared/http.js";
import { picture } from "../../shared/marks.js";
import { effectWord, number, say } from "../../shared/page.js";
import { momentOf } from "../state/times.js";

/** Open a popup at a place and fill it with the result of `fetched(signal)`. */
function openPopup(map, place, fetched, padding) {
  const request = new AbortController();
  const popup = L.popup({ maxWidth: 320, minWidth: 200, className: "essentials", autoPanPaddingTopLeft: padding.paddingTopLeft, autoPanPaddingBottomRight: padding.paddingBottomRight });
  popup.setLatLng(place).setContent(waitingCard());
  popup.on("remove", () => request.abort());
  popup.openOn(map);
  const fill = async () => {
    try {
      popup.setContent(await fetched(request.signal));
    } catch (error) {
      if (isAbort(error)) return;
      const again = () => {
        popup.setContent(waitingCard());
        fill();
      };
      popup.setContent(failedCard(error.message, again));
    }
  };
  fill();
}

/** Open the popup of a report; its link calls `open(id)`. */
export function openReportPopup(map, place, id, open, padding) {
  openPopup(map, place, async (signal) => reportCard(await getJson(`/api/reports/${encodeURIComponent(id)}`, {}, signal), open), padding);
}

function reportCard(report, open) {
  const click = (event) => {
    event.preventDefault();
    open(report.id);
  };
  const rows = [
    { label: say("matter"), text: report.category_name },
    { label: say("unit"), text: report.unit_name },
    { label: say("status"), text: report.status_name ?? report.status },
    { label: say("due"), text: report.due_on },
    { label: say("received_at"), text: momentOf(report.received_at) },
  ];
  return el(
    "article",
    { class: "report-card" },
    el("h2", {}, picture(report.effect, report.certainty), report.words?.headline || effectWord(report.effect)),
    report.sample ? el("p", { class: "sample" }, say("sample")) : null,
    terms(rows),
    el("a", { href: `?report=${report.id}`, click }, say("open_case", { id: report.id })),
  );
}

/** Open the popup of a parcel: its register entry and the reports on it. */
export function openParcelPopup(map, place, number_, open, padding) {
  openPopup(map, place, async (signal) => parcelCard(await getJson(`/api/parcels/${encodeURIComponent(number_)}`, {}, signal), open), padding);
}

function parcelCard(data, open) {
  const square = (value) => (value ? say("square_metres", { area: number(value), mu: (value / 666.6667).toFixed(2) }) : "");
  const rows = [
    { label: say("parcel"), text: data.number },
    { label: say("land_class"), text: [data.land_class_name, data.scheme_name].filter(Boolean).join(" · ") },
    { label: say("official_area"), text: square(data.official_area_m2) },
    { label: say("measured_area"), text: square(data.measured_area_m2) },
  ];
  const past = (data.reports ?? []).map(({ id, received_at: at }) => {
    const click = (event) => {
      event.preventDefault();
      open(id);
    };
    return el("li", {}, el("a", { href: `?report=${id}`, click }, say("open_case", { id })), ` ${momentOf(at)}`);
  });
  return el(
    "article",
    { class: "report-card" },
    el("h2", {}, data.name || data.number),
    data.sample ? el("p", { class: "sample" }, say("sample")) : null,
    terms(rows),
    past.length > 0 ? el("ul", {}, ...past) : null,
  );
}
