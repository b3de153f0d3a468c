// The officer's page: connects its parts, and shows the state of the connection.

import { Refused } from "./api.js";
import { NoAnswer, inquiryBody, checkPlace, forgetToken } from "./inquiry.js";
import { drawPack, drawPlace, onTap, showOnly, startMap } from "./map.js";
import { addCorner, drawing, footprint, startOutline } from "./outline.js";
import { current, holds, onPack, openPack, renewPack } from "./pack.js";
import { byTap, startPlaces, showNote } from "./places.js";
import { sendSoon, showQueue, signIn, startQueue } from "./queue.js";
import { hasUnsavedInput, startReport } from "./report.js";
import { announce, clearAnnouncement, startShell } from "./shell.js";
import { on, put, state } from "./state.js";
import { onTab, opened, show, startTabs } from "./tabs.js";
import { verdictCard } from "./verdict.js";
import { onUserChange, refreshSession, user } from "./session.js";
import { startWork } from "./work.js";
import { el } from "../shared/dom.js";
import { page, say } from "../shared/page.js";

const byId = (id) => document.getElementById(id);
const MATTER = "zhijie-matter"; // the matter chosen last
const AGED_DAYS = 30;
const AGAIN_MS = 20_000;
let running = null;
let retryTimer = null;

// ---- the matter ---------------------------------------------------------------------------------

function fillMatters({ categories }) {
  for (const id of ["matter", "report-matter"]) {
    const before = byId(id).value || localStorage.getItem(MATTER);
    const options = categories.map(({ code, name }) => el("option", { value: code }, name[page.lang] ?? name.zh));
    byId(id).replaceChildren(...options);
    if (categories.some(({ code }) => code === before)) byId(id).value = before;
    byId(id).disabled = false;
  }
  put({ matter: byId("matter").value });
}

function handleMatterChange({ target }) {
  localStorage.setItem(MATTER, target.value);
  for (const id of ["matter", "report-matter"]) byId(id).value = target.value;
  put({ matter: target.value });
}

// ---- check and answer ------------------------------------------------------------------------------

async function updateAnswer() {
  const { place, matter, stated } = state;
  const own = footprint();
  if ((!place && !own) || !matter) return;
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  showNote(say("asking"));
  byId("answer").setAttribute("aria-busy", "true");
  try {
    const accuracy = own ? state.outline.accuracy_m : place.accuracy_m;
    const body = inquiryBody({ place, footprint: own ?? place?.footprint ?? null, accuracy, matter, stated });
    const { answer } = await checkPlace(body, { ...place, accuracy_m: accuracy }, signal);
    if (!signal.aborted) showAnswer(answer, own);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
    byId("answer").replaceChildren();
    put({ answer: null });
    showNote(error instanceof Refused ? error.message : say(error.message));
  } finally {
    if (!signal.aborted) byId("answer").removeAttribute("aria-busy");
  }
}

/** Keep the answer to a condition, or forget it where it is given again, and ask anew. */
function stateCondition(code, met) {
  const { [code]: before, ...others } = state.stated;
  put({ stated: before === met ? others : { ...others, [code]: met } });
  updateAnswer();
}

function showAnswer(answer, own) {
  showNote("");
  byId("answer").replaceChildren(verdictCard(answer, stateCondition));
  byId("tab-ask").scrollTop = byId("answer").offsetTop - byId("tab-ask").offsetTop;
  const { place } = state;
  if (place && !own) {
    const known = answer.at ? { ...place, ...answer.at, accuracy_m: place.accuracy_m ?? answer.at.accuracy_m } : place;
    if (answer.at) Object.assign(place, { lon: answer.at.lon, lat: answer.at.lat });
    drawPlace(known, answer, !place.still);
    if (user.state === "in" && !holds(known)) renewPack({ lon: known.lon, lat: known.lat });
  }
  put({ answer });
  onPage(opened());
}

// ---- network, session, version ---------------------------------------------------------------------

function showConnection() {
  const away = !navigator.onLine || user.state === "away";
  const pack = current();
  const key = away ? (pack ? "net_offline" : "net_offline_bare") : "net_online";
  byId("net").textContent = say(key, { date: pack?.loaded_on ?? "" });
  byId("net").dataset.away = String(away);
  if (user.state === "out") {
    announce(say("signed_out"));
    byId("banner").append(signIn());
  } else if (away && pack && isAged(pack)) announce(say("pack_aged", { date: pack.as_of }));
  else clearAnnouncement();
}

const isAged = ({ as_of: day }) => Date.now() - new Date(day).getTime() > AGED_DAYS * 86_400_000;

async function reconnect() {
  clearTimeout(retryTimer);
  forgetToken();
  await refreshSession();
  showConnection();
  // The browser's "online" event is about its own network only, not about a service that answers again: hence a timer.
  if (user.state === "away") retryTimer = setTimeout(reconnect, AGAIN_MS);
  if (user.state !== "in") return;
  await renewPack(state.place?.lon === undefined ? null : { lon: state.place.lon, lat: state.place.lat });
  showConnection();
  sendSoon();
  if (state.answer?.offline) updateAnswer();
}

function onPage(tab) {
  showOnly({ ask: ["place"], report: ["place", "outline"], queue: [], work: ["work"] }[tab]);
  byId("go-report").hidden = tab !== "ask" || state.answer === null;
}

function handleTap(where) {
  const tab = document.body.dataset.tab;
  if (drawing()) addCorner(where);
  else if (tab === "ask" || tab === "report") byTap(where);
}

async function start() {
  startMap();
  startTabs();
  startPlaces();
  startOutline();
  startReport();
  startQueue();
  startWork();
  let first = true;
  onPack(() => {
    drawPack(current(), first && state.place === null);
    fillMatters(current());
    first = false;
    showConnection();
  });
  onTab(onPage);
  onPage("ask");
  onTap(handleTap);
  onUserChange(showConnection);
  on("place", () => state.place.lon !== undefined && drawPlace(state.place, null, !state.place.still));
  for (const name of ["place", "outline", "matter"]) {
    on(name, () => {
      state.stated = {}; // was said of another case
      updateAnswer();
    });
  }
  for (const id of ["matter", "report-matter"]) byId(id).addEventListener("change", handleMatterChange);
  byId("matter-form").addEventListener("submit", (event) => event.preventDefault());
  byId("go-report").addEventListener("click", () => show("report"));
  window.addEventListener("online", reconnect);
  window.addEventListener("offline", () => refreshSession().then(showConnection));
  document.addEventListener("visibilitychange", () => !document.hidden && user.state !== "in" && reconnect());
  window.addEventListener("unhandledrejection", () => announce(say("broken"), () => location.reload(), say("reload")));
  await openPack();
  startShell(hasUnsavedInput);
  await reconnect();
  if (!current()) showNote(say(user.state === "away" ? "no_pack" : "no_units"));
  await showQueue();
  document.documentElement.dataset.ready = "true";
}

await start();
