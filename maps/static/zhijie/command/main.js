// The command centre: puts layers, feed, filters, card and stream together on Folium's map.

import { startControls, watchBase } from "../shared/controls.js";
import { notice, clearNotice } from "../shared/notices.js";
import { number, page, say } from "../shared/page.js";
import { alarm, startAlarm } from "./state/alarm.js";
import { Case } from "./panels/case.js";
import { loadCoarse } from "./map/coarse.js";
import { goTo, startCrumbs } from "./panels/crumbs.js";
import { Feed } from "./panels/feed.js";
import { startFilters } from "./panels/filters.js";
import { startKeys } from "./state/keys.js";
import { Layers, shows } from "./map/layers.js";
import { startLegend, showLayerDates } from "./panels/legend.js";
import { loadSession } from "./state/session.js";
import { onOverview, refreshOverview, startOverview } from "./panels/overview.js";
import { startPanel } from "./panels/panel.js";
import { startClicks } from "./map/clicks.js";
import { pulse } from "./map/pulse.js";
import { closeDrawers, startRail, toggle, toggleDrawer } from "./panels/rail.js";
import { freePadding } from "./map/free_area.js";
import { current, setAddress, addressValue, onFilters } from "./state/state.js";
import { startStatus } from "./state/status.js";
import { Stream } from "./state/stream.js";
import { startPrinting, startTheme } from "./state/theme.js";
import { startTimespan } from "./panels/timespan.js";
import { keepView } from "./state/view.js";
import { loadVocabulary } from "./state/vocabulary.js";
import { startWall } from "./state/wall.js";

const FRESH_MS = 30_000;
const map = window[page.map];

startTheme();
startPrinting();
startRail();
startAlarm();
startControls(map);
const viewKept = keepView(map);
const layers = new Layers(map);
const panel = startPanel(map);
watchBase(map, () => notice("tiles", say("tiles_failed")));

// ---- the card and the feed

const card = new Case((report) => {
  setAddress({ report: report ? report.id : null });
  feed.mark(report?.id);
  panel.point(report);
});

function open(id) {
  map.closePopup();
  panel.unfold();
  return card.open(id);
}

let coarse = false;

function showCoarse(withheld) {
  layers.useCoarse();
  if (withheld > 0) notice("coarse", say("coarse_withheld", { count: number(withheld) }));
}

/** Roles that may not see single reports get the counts by square. */
async function feedFailed(error) {
  if (error?.status !== 403 || coarse) return;
  coarse = true;
  await loadCoarse().then(showCoarse, (fault) => notice("coarse", say("coarse_failed", { reason: fault.message }), { alarm: true }));
}

const feed = new Feed({ open, failed: feedFailed });

// ---- the stream

let catchUpTimer = 0;

/** Fetch what only the server knows of reports, once for all events within a second. */
function catchUp() {
  catchUpTimer ||= setTimeout(() => {
    catchUpTimer = 0;
    feed.catchUp();
  }, 1000);
}

function takeReport({ seq, action, report }) {
  layers.changed(report.lon, report.lat, seq);
  refreshOverview();
  const fresh = action === "report" && Date.now() - Date.parse(report.received_at) < FRESH_MS;
  const passed = feed.take(report, fresh);
  if (passed === null) catchUp();
  card.again(report.id);
  if (!fresh || !passed) return;
  pulse(map, report);
  if (report.urgent) alarm();
}

async function reload() {
  try {
    showLayerDates(await layers.loadVersions());
    layers.areas.renew();
    layers.parcels.renew();
    layers.reportsChanged();
    refreshOverview();
    await feed.load();
    clearNotice("reload");
  } catch (error) {
    notice("reload", say("reload_failed", { reason: error.message }), { retry: reload, alarm: true });
  }
}

/** Areas were loaded again. */
async function areasChanged() {
  try {
    showLayerDates(await layers.loadVersions({ only: "areas" }));
    layers.areasChanged();
  } catch (error) {
    notice("reload", say("reload_failed", { reason: error.message }), { retry: areasChanged, alarm: true });
  }
}

const events = {
  report: takeReport,
  layers: areasChanged,
  reset: reload,
};
const turned = startStatus(() => stream);
const stream = new Stream({ event: (name, data) => events[name]?.(data), state: turned });

// ---- switches and keys

startLegend((name, on) => layers.show(name, on), shows);
const setHeat = toggle("heat", (on) => layers.show("heat", on), shows("heat"));
document.querySelector('#layer-list input[value="heat"]')?.addEventListener("change", ({ target }) => setHeat(target.checked));
let children = [];
onOverview(({ by_unit: rows = [] }) => {
  children = rows.map(([code]) => code).filter(Boolean);
});
const wall = startWall(map, { units: () => children, freePadding, ended: () => refreshOverview() });
document.getElementById("rail-wall").addEventListener("click", wall);
startKeys(
  {
    f: () => toggleDrawer("filters"),
    l: () => toggleDrawer("layers"),
    t: () => toggleDrawer("time"),
    h: () => document.getElementById("rail-heat").click(),
    w: wall,
    n: () => feed.step(),
    p: () => panel.toggle(),
    "/": () => document.getElementById("search-box").focus(),
  },
  () => closeDrawers() || card.close(),
);

// The other language shows the same view.
document.getElementById("tongue").addEventListener("click", ({ currentTarget }) => {
  const query = new URLSearchParams(location.search);
  query.set("lang", currentTarget.hreflang.slice(0, 2));
  currentTarget.search = query;
});

// ---- the first data

/** The first view where the address has none: the unit in the filters, else the account's own area. */
async function openView() {
  if (current().unit) return goTo(map, current().unit, freePadding(), false);
  const [w, s, e, n] = page.home ?? [];
  if (page.home) map.fitBounds([[s, w], [n, e]], { ...freePadding(), animate: false });
  return undefined;
}

async function start() {
  try {
    const [versions] = await Promise.all([layers.loadVersions(), loadVocabulary(), loadSession()]);
    showLayerDates(versions);
    stream.start(versions.violations.version); // events during the loading below are sent again by the stream
  } catch (error) {
    stream.start();
    notice("start", say("start_failed", { reason: error.message }), { retry: () => location.reload(), alarm: true });
  }
  if (!viewKept) await openView();
  layers.begin();
  startFilters();
  startTimespan();
  const goToUnit = (code) => code && goTo(map, code, freePadding());
  await Promise.all([startCrumbs(goToUnit), startOverview(), feed.load()]);
  onFilters(() => {
    feed.load();
    layers.reportsChanged();
  });
  startClicks(map, layers, open);
  if (addressValue("report")) await card.open(Number(addressValue("report")), { focus: false });
  document.documentElement.dataset.ready = "true";
}

await start();
