// The officer's page: puts the parts together, and says how it stands with the net.

import { Refused } from "./api.js";
import { NoAnswer, asked, askAll, forgetToken } from "./ask.js";
import { drawPack, drawPlace, onTap, showOnly, startGround } from "./ground.js";
import { addCorner, drawing, footprint, startOutline } from "./outline.js";
import { current, holds, onPack, openPack, renewPack } from "./pack.js";
import { byTap, startPlaces, tell } from "./places.js";
import { sendSoon, showQueue, signIn, startQueue } from "./queue.js";
import { begun, startReport } from "./report.js";
import { announce, announceNot, startShell } from "./shell.js";
import { on, put, state } from "./state.js";
import { onTab, opened, show, startTabs } from "./tabs.js";
import { verdictCard } from "./verdict.js";
import { onWho, recognise, who } from "./who.js";
import { startWork } from "./work.js";
import { el } from "../shared/dom.js";
import { page, say } from "../shared/page.js";

const at = (id) => document.getElementById(id);
const MATTER = "zhijie-matter"; // what was asked about last
const AGED_DAYS = 30;
const AGAIN_MS = 20_000;
let asking = null;
let again = null;

// ---- the matter ---------------------------------------------------------------------------------

function fillMatters({ categories }) {
  for (const id of ["matter", "report-matter"]) {
    const before = at(id).value || localStorage.getItem(MATTER);
    const options = categories.map(({ code, name }) => el("option", { value: code }, name[page.lang] ?? name.zh));
    at(id).replaceChildren(...options);
    if (categories.some(({ code }) => code === before)) at(id).value = before;
    at(id).disabled = false;
  }
  put({ matter: at("matter").value });
}

function matterChosen({ target }) {
  localStorage.setItem(MATTER, target.value);
  for (const id of ["matter", "report-matter"]) at(id).value = target.value;
  put({ matter: target.value });
}

// ---- question and answer ---------------------------------------------------------------------------

async function answer() {
  const { place, matter } = state;
  const own = footprint();
  if ((!place && !own) || !matter) return;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  tell(say("asking"));
  at("answer").setAttribute("aria-busy", "true");
  try {
    const accuracy = own ? state.outline.accuracy_m : place.accuracy_m;
    const body = asked({ place, footprint: own ?? place?.footprint ?? null, accuracy, matter });
    const { told } = await askAll(body, { ...place, accuracy_m: accuracy }, signal);
    if (!signal.aborted) tellAnswer(told, own);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
    at("answer").replaceChildren();
    put({ told: null });
    tell(error instanceof Refused ? error.message : say(error.message));
  } finally {
    if (!signal.aborted) at("answer").removeAttribute("aria-busy");
  }
}

function tellAnswer(told, own) {
  tell("");
  at("answer").replaceChildren(verdictCard(told));
  at("tab-ask").scrollTop = at("answer").offsetTop - at("tab-ask").offsetTop;
  const { place } = state;
  if (place && !own) {
    const known = told.at ? { ...place, ...told.at, accuracy_m: place.accuracy_m } : place;
    if (told.at) Object.assign(place, { lon: told.at.lon, lat: told.at.lat });
    drawPlace(known, told, !place.still);
    if (who.state === "in" && !holds(known)) renewPack({ lon: known.lon, lat: known.lat });
  }
  put({ told });
  onPage(opened());
}

// ---- net, session, version ----------------------------------------------------------------------------

function tellNet() {
  const away = !navigator.onLine || who.state === "away";
  const pack = current();
  const key = away ? (pack ? "net_offline" : "net_offline_bare") : "net_online";
  at("net").textContent = say(key, { date: pack?.loaded_on ?? "" });
  at("net").dataset.away = String(away);
  if (who.state === "out") {
    announce(say("signed_out"));
    at("banner").append(signIn());
  } else if (away && pack && aged(pack)) announce(say("pack_aged", { date: pack.as_of }));
  else announceNot();
}

const aged = ({ as_of: day }) => Date.now() - new Date(day).getTime() > AGED_DAYS * 86_400_000;

async function comeOnline() {
  clearTimeout(again);
  forgetToken();
  await recognise();
  tellNet();
  // The browser tells of its own net only, not of a service that answers again.
  if (who.state === "away") again = setTimeout(comeOnline, AGAIN_MS);
  if (who.state !== "in") return;
  await renewPack(state.place?.lon === undefined ? null : { lon: state.place.lon, lat: state.place.lat });
  tellNet();
  sendSoon();
  if (state.told?.offline) answer();
}

function onPage(tab) {
  showOnly({ ask: ["place"], report: ["place", "outline"], queue: [], work: ["work"] }[tab]);
  at("go-report").hidden = tab !== "ask" || state.told === null;
}

function tapped(where) {
  const tab = document.body.dataset.tab;
  if (drawing()) addCorner(where);
  else if (tab === "ask" || tab === "report") byTap(where);
}

async function start() {
  startGround();
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
    tellNet();
  });
  onTab(onPage);
  onPage("ask");
  onTap(tapped);
  onWho(tellNet);
  on("place", () => state.place.lon !== undefined && drawPlace(state.place, null, !state.place.still));
  for (const name of ["place", "outline", "matter"]) on(name, answer);
  for (const id of ["matter", "report-matter"]) at(id).addEventListener("change", matterChosen);
  at("matter-form").addEventListener("submit", (event) => event.preventDefault());
  at("go-report").addEventListener("click", () => show("report"));
  window.addEventListener("online", comeOnline);
  window.addEventListener("offline", () => recognise().then(tellNet));
  document.addEventListener("visibilitychange", () => !document.hidden && who.state !== "in" && comeOnline());
  window.addEventListener("unhandledrejection", () => announce(say("broken"), () => location.reload(), say("reload")));
  await openPack();
  startShell(begun);
  await comeOnline();
  if (!current()) tell(say(who.state === "away" ? "no_pack" : "no_units"));
  await showQueue();
  document.documentElement.dataset.ready = "true";
}

await start();
