// A report is written: photos, outline, words. It goes into the queue first, and is sent from there.

import { el } from "../shared/dom.js";
import { page, say } from "../shared/page.js";
import { NoAnswer, askPack, asked } from "./ask.js";
import { today } from "./days.js";
import { drawing, footprint, wipe } from "./outline.js";
import { taken, thumbnail } from "./photos.js";
import { sendSoon } from "./queue.js";
import { tellChange } from "./send.js";
import { on, state } from "./state.js";
import { writeItem } from "./store.js";
import { show } from "./tabs.js";
import { may, onWho, who } from "./who.js";

const at = (id) => document.getElementById(id);
const note = at("report-note");
let photos = [];

/** Is something written that would be lost? */
export const begun = () => photos.length > 0 || at("told").value !== "" || drawing() || state.outline !== null;

function placeLine() {
  const { place, outline, told } = state;
  if (outline) return say("report_outline", { count: outline.ring.length - 1 });
  if (!place) return say("report_no_place");
  const where = place.lon === undefined ? `${place.x}, ${place.y} (${place.datum})` : `${place.lon.toFixed(6)}, ${place.lat.toFixed(6)}`;
  return [say("report_at", { where }), told?.unit, told?.headline].filter(Boolean).join(" · ");
}

function showState() {
  at("report-place").textContent = placeLine();
  const button = document.querySelector("#report [type=submit]");
  const allowed = who.name === null || may("file");
  button.disabled = !allowed;
  if (!allowed) note.textContent = say("may_not_file");
}

async function showPhotos() {
  const rows = await Promise.all(
    photos.map(async (photo) => {
      const drop = () => {
        photos = photos.filter(({ id }) => id !== photo.id);
        showPhotos();
      };
      const picture = (await thumbnail(photo)) ?? el("span", { class: "no-picture" }, photo.name);
      const button = el("button", { type: "button", click: drop, "aria-label": say("drop_photo", { name: photo.name }) }, "×");
      return el("li", {}, picture, button);
    }),
  );
  at("photos").replaceChildren(...rows);
}

async function addFiles({ target }) {
  const files = [...target.files];
  target.value = "";
  note.textContent = files.length > 0 ? say("photos_shrinking", { count: files.length }) : "";
  for (const file of files) photos.push(await taken(file));
  note.textContent = "";
  await showPhotos();
}

/** The verdict that the pack gives now, to stand beside the service's later. */
function ownVerdict(body, place) {
  try {
    const { told } = askPack(body, place);
    const { effect, certainty, unit, headline, date } = told;
    return { effect, certainty, unit, headline, date };
  } catch (error) {
    if (error instanceof NoAnswer) return null;
    throw error;
  }
}

function made() {
  const outline = footprint() ?? state.place?.footprint ?? null;
  const accuracy = state.outline?.accuracy_m ?? state.place?.accuracy_m ?? 0;
  const matter = at("report-matter").value;
  const body = { ...asked({ place: state.place, footprint: outline, accuracy, matter }), as_of: at("act-day").value };
  const { lon, lat } = state.place ?? { lon: state.outline.ring[0][0], lat: state.outline.ring[0][1] };
  const item = {
    key: crypto.randomUUID(),
    account: who.name,
    kind: "report",
    made_at: new Date().toISOString(),
    lang: page.lang,
    title: at("report-matter").selectedOptions[0].textContent,
    body: { ...body, description: at("told").value.trim() },
    report_id: null,
    state: "waiting",
    note: "",
    offline: ownVerdict(body, { ...state.place, accuracy_m: accuracy }),
    server: null,
    at: { lon, lat },
    photos: photos.map(({ id, name, small }) => ({ id, name, small_sent: small === null, original_sent: false })),
  };
  return item;
}

function fault() {
  if (who.name === null) return say("sign_in_first");
  if (!state.place && !state.outline) return say("report_no_place");
  if (!at("report-matter").value) return say("no_matter");
  if (at("act-day").value > today()) return say("day_ahead");
  return null;
}

async function submit(event) {
  event.preventDefault();
  const wrong = fault();
  note.textContent = wrong ?? "";
  if (wrong) return;
  const button = document.querySelector("#report [type=submit]");
  button.disabled = true;
  try {
    const kept = photos.map(({ id, name, original, small }) => ({ id, name, original, small }));
    await writeItem(made(), kept);
  } catch {
    note.textContent = say("not_stored"); // the telephone is full, or keeps nothing in this mode
    return;
  } finally {
    button.disabled = false;
  }
  empty();
  tellChange();
  show("queue");
  sendSoon();
}

function empty() {
  photos = [];
  at("photos").replaceChildren();
  at("told").value = "";
  at("act-day").value = today();
  wipe();
}

export function startReport() {
  for (const [button, file] of [["camera", "camera-file"], ["gallery", "gallery-file"]]) {
    at(button).addEventListener("click", () => at(file).click());
    at(file).addEventListener("change", addFiles);
  }
  at("act-day").value = today();
  at("act-day").max = today();
  at("report").addEventListener("submit", submit);
  for (const name of ["place", "outline", "told"]) on(name, showState);
  onWho(showState);
  showState();
}
