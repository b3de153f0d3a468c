// The popup of a mark: its essentials, fetched on the click, and the way to its card.

import { failedCard, waitingCard } from "../../shared/card.js";
import { el, terms } from "../../shared/dom.js";
import { getJson, isAbort } from "../../shared/http.js";
import { picture } from "../../shared/marks.js";
import { effectWord, number, say } from "../../shared/page.js";
import { momentOf } from "../state/times.js";

/** Open a popup at a place and fill it with what `fetched(signal)` promises. */
function tell(map, place, fetched, padding) {
  const gone = new AbortController();
  const popup = L.popup({ maxWidth: 320, minWidth: 200, className: "essentials", autoPanPaddingTopLeft: padding.paddingTopLeft, autoPanPaddingBottomRight: padding.paddingBottomRight });
  popup.setLatLng(place).setContent(waitingCard());
  popup.on("remove", () => gone.abort());
  popup.openOn(map);
  const fill = async () => {
    try {
      popup.setContent(await fetched(gone.signal));
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

/** The popup of a report; its link opens the card by `open(id)`. */
export function tellReport(map, place, id, open, padding) {
  tell(map, place, async (signal) => essentials(await getJson(`/api/reports/${encodeURIComponent(id)}`, {}, signal), open), padding);
}

function essentials(report, open) {
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

/** The popup of a parcel: what it is registered as, and what was reported on it. */
export function tellParcel(map, place, number_, open, padding) {
  tell(map, place, async (signal) => parcel(await getJson(`/api/parcels/${encodeURIComponent(number_)}`, {}, signal), open), padding);
}

function parcel(told, open) {
  const square = (value) => (value ? say("square_metres", { area: number(value), mu: (value / 666.6667).toFixed(2) }) : "");
  const rows = [
    { label: say("parcel"), text: told.number },
    { label: say("land_class"), text: [told.land_class_name, told.scheme_name].filter(Boolean).join(" · ") },
    { label: say("official_area"), text: square(told.official_area_m2) },
    { label: say("measured_area"), text: square(told.measured_area_m2) },
  ];
  const past = (told.reports ?? []).map(({ id, received_at: at }) => {
    const click = (event) => {
      event.preventDefault();
      open(id);
    };
    return el("li", {}, el("a", { href: `?report=${id}`, click }, say("open_case", { id })), ` ${momentOf(at)}`);
  });
  return el(
    "article",
    { class: "report-card" },
    el("h2", {}, told.name || told.number),
    told.sample ? el("p", { class: "sample" }, say("sample")) : null,
    terms(rows),
    past.length > 0 ? el("ul", {}, ...past) : null,
  );
}
