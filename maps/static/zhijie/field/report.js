// The form of a report: photos, outline, words. A report goes into the queue and is sent from there.

import { el } from "../shared/dom.js";
import { page, say } from "../shared/page.js";
import { NoAnswer, checkOffline, inquiryBody } from "./inquiry.js";
import { today } from "./days.js";
import { drawing, footprint, clearOutline } from "./outline.js";
import { preparePhoto, thumbnail } from "./photos.js";
import { sendSoon } from "./queue.js";
import { notifyChange } from "./send.js";
import { on, state } from "./state.js";
import { writeItem } from "./store.js";
import { show } from "./tabs.js";
import { may, onUserChange, user } from "./session.js";

const byId = (id) => document.getElementById(id);
const note = byId("report-note");
let photos = [];

/** Whether the form has input that a reload would lose. */
export const hasUnsavedInput = () => photos.length > 0 || byId("description").value !== "" || drawing() || state.outline !== null;

function placeLine() {
  const { place, outline, answer } = state;
  if (outline) return say("report_outline", { count: outline.ring.length - 1 });
  if (!place) return say("report_no_place");
  const where = place.lon === undefined ? `${place.x}, ${place.y} (${place.datum})` : `${place.lon.toFixed(6)}, ${place.lat.toFixed(6)}`;
  return [say("report_at", { where }), answer?.unit, answer?.headline].filter(Boolean).join(" · ");
}

function showState() {
  byId("report-place").textContent = placeLine();
  const button = document.querySelector("#report [type=submit]");
  const allowed = user.name === null || may("file");
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
  byId("photos").replaceChildren(...rows);
}

async function addFiles({ target }) {
  const files = [...target.files];
  target.value = "";
  note.textContent = files.length > 0 ? say("photos_shrinking", { count: files.length }) : "";
  for (const file of files) photos.push(await preparePhoto(file));
  note.textContent = "";
  await showPhotos();
}

/** The pack's verdict at this moment, shown beside the service's later. */
function offlineVerdict(body, place) {
  try {
    const { answer } = checkOffline(body, place);
    const { effect, certainty, unit, headline, date } = answer;
    return { effect, certainty, unit, headline, date };
  } catch (error) {
    if (error instanceof NoAnswer) return null;
    throw error;
  }
}

function newItem() {
  const outline = footprint() ?? state.place?.footprint ?? null;
  const accuracy = state.outline?.accuracy_m ?? state.place?.accuracy_m;
  const matter = byId("report-matter").value;
  const body = { ...inquiryBody({ place: state.place, footprint: outline, accuracy, matter, stated: state.stated }), as_of: byId("act-day").value };
  const { lon, lat } = state.place ?? { lon: state.outline.ring[0][0], lat: state.outline.ring[0][1] };
  const item = {
    key: crypto.randomUUID(),
    account: user.name,
    kind: "report",
    made_at: new Date().toISOString(),
    lang: page.lang,
    title: byId("report-matter").selectedOptions[0].textContent,
    body: { ...body, description: byId("description").value.trim() },
    report_id: null,
    state: "waiting",
    note: "",
    offline: offlineVerdict(body, { ...state.place, accuracy_m: accuracy }),
    server: null,
    at: { lon, lat },
    photos: photos.map(({ id, name, small }) => ({ id, name, small_sent: small === null, original_sent: false })),
  };
  return item;
}

function inputError() {
  if (user.name === null) return say("sign_in_first");
  if (!state.place && !state.outline) return say("report_no_place");
  if (!byId("report-matter").value) return say("no_matter");
  if (byId("act-day").value > today()) return say("day_ahead");
  return null;
}

async function submit(event) {
  event.preventDefault();
  const error = inputError();
  note.textContent = error ?? "";
  if (error) return;
  const button = document.querySelector("#report [type=submit]");
  button.disabled = true;
  try {
    const storedPhotos = photos.map(({ id, name, original, small }) => ({ id, name, original, small }));
    await writeItem(newItem(), storedPhotos);
  } catch {
    note.textContent = say("not_stored"); // the phone is full, or stores nothing in private mode
    return;
  } finally {
    button.disabled = false;
  }
  resetForm();
  notifyChange();
  show("queue");
  sendSoon();
}

function resetForm() {
  photos = [];
  byId("photos").replaceChildren();
  byId("description").value = "";
  byId("act-day").value = today();
  clearOutline();
}

export function startReport() {
  for (const [button, file] of [["camera", "camera-file"], ["gallery", "gallery-file"]]) {
    byId(button).addEventListener("click", () => byId(file).click());
    byId(file).addEventListener("change", addFiles);
  }
  byId("act-day").value = today();
  byId("act-day").max = today();
  byId("report").addEventListener("submit", submit);
  for (const name of ["place", "outline", "answer"]) on(name, showState);
  onUserChange(showState);
  showState();
}
