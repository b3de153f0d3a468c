// The layers of the map: which exist, which are shown, and their versions.

import { getJson } from "../../shared/http.js";
import { notice, clearNotice } from "../../shared/notices.js";
import { number, page, say } from "../../shared/page.js";
import { coarseTile } from "./coarse.js";
import { drawAreas, drawParcels } from "./areas.js";
import { clusterReports } from "./clusters.js";
import { Heat } from "./heat.js";
import { onPaletteChange } from "./colours.js";
import { Names } from "./names.js";
import { filterQuery, current, setAddress, addressValue, onFilters } from "../state/state.js";
import { clusterCircles, drawReports } from "./symbols.js";
import { VectorTiles } from "./tiles.js";
import { Versions, tileAt } from "../state/versions.js";
import { glyphOf } from "../state/vocabulary.js";

const PANES = { areas: 300, parcels: 310, heat: 320, labels: 340, reports: 350, pulses: 620 };
const PARCELS_FROM = 14; // of the map; the server's tiles are one zoom less
const FIRST = ["units", "zones", "parcels", "reports"];
const MARGIN = 40; // how far a mark may reach over its tile's edge

const shown = new Set(addressValue("show") === null ? FIRST : addressValue("show").split(",").filter(Boolean));
const versions = { areas: new Versions(), parcels: new Versions(), reports: new Versions() };
const paths = { areas: "areas", parcels: "parcels", reports: "violations" };

export const shows = (name) => shown.has(name);

function address(layer, query = () => ({})) {
  return (z, x, y) => {
    const path = `/api/tiles/${paths[layer]}/${versions[layer].of(z, x, y)}/${z}/${x}/${y}.mvt`;
    const asks = new URLSearchParams(query());
    return asks.size > 0 ? `${path}?${asks}` : path;
  };
}

/** Show how many tiles are missing, and offer to fetch them again. */
const missing = (key, name, layer) => (count, fault) => {
  const matter = `tiles-${key}`;
  if (count === 0) return clearNotice(matter);
  if (fault?.status === 401 || fault?.status === 403) return undefined; // the stream or the feed reports that
  return notice(matter, say("tiles_missing", { layer: name, count: number(count) }), { retry: () => layer().renew(), alarm: true });
};

export class Layers {
  #map;
  #coarse = false;

  constructor(map) {
    this.#map = map;
    for (const [name, level] of Object.entries(PANES)) map.createPane(name).style.zIndex = level;
    for (const name of ["areas", "parcels", "labels", "heat", "reports", "pulses"]) {
      map.getPane(name).style.pointerEvents = "none";
    }
    this.names = new Names(map, () => (shows("reports") && !shows("heat") ? clusterCircles(this.reports) : []));
    this.areas = this.#make("areas", {
      draw: drawAreas(shows, () => current().unit),
      arrived: (layers, coords) => this.names.take(layers, coords),
    });
    this.parcels = this.#make("parcels", { draw: drawParcels, minZoom: PARCELS_FROM });
    this.reports = this.#make("reports", {
      address: address("reports", filterQuery),
      margin: MARGIN,
      prepared: clusterReports,
      draw: drawReports({ glyphOf, countsHidden: () => shows("heat") }),
      arrived: () => {
        this.heat.stale();
        this.names.again();
      },
    });
    this.heat = new Heat(this.reports, { pane: "heat" });
    onPaletteChange(() => this.repaint());
    onFilters((now, before) => now.unit !== before.unit && this.areas.repaint());
  }

  /** Put the layers on the map, once their versions are known. */
  begin() {
    this.#sync();
  }

  #make(key, options) {
    const whole = { pane: key, address: address(key), failed: missing(key, page.layers[key], () => this[key]), ...options };
    return new VectorTiles(whole);
  }

  #sync() {
    const wanted = { areas: true, parcels: shows("parcels"), reports: shows("reports") || shows("heat"), heat: shows("heat") };
    for (const [name, on] of Object.entries(wanted)) {
      if (on && !this.#map.hasLayer(this[name])) this[name].addTo(this.#map);
      if (!on) this[name].remove();
    }
    this.#map.getPane("labels").style.display = shows("units") ? "" : "none";
    this.#map.getPane("reports").style.display = shows("reports") ? "" : "none";
  }

  /** Show or hide a layer; the address keeps which are shown. */
  show(name, on) {
    if (on) shown.add(name);
    else shown.delete(name);
    const usual = shown.size === FIRST.length && FIRST.every((one) => shown.has(one));
    setAddress({ show: usual ? null : [...shown].join(",") || "none" });
    this.#sync();
    this.repaint();
  }

  repaint() {
    for (const name of ["areas", "parcels", "reports"]) this[name].repaint();
    this.heat.draw();
  }

  /** Set the versions of all layers to those of GET /api/layers. */
  rebase({ areas, parcels, violations }) {
    if (areas) versions.areas.rebase(areas.version);
    if (parcels) versions.parcels.rebase(parcels.version);
    if (violations) versions.reports.rebase(violations.version);
  }

  /** Fetch the versions; with `only: "areas"` those of reports stay as the stream has set them. */
  async loadVersions({ only = null } = {}) {
    const found = await getJson("/api/layers");
    this.rebase(only ? { ...found, violations: null } : found);
    return found;
  }

  /** A report at a place has changed: fetch the tiles that contain it again. */
  changed(lon, lat, version) {
    versions.reports.bump(lon, lat, version);
    if (this.#coarse) return;
    this.reports.refresh((z, x, y) => tileAt(lon, lat, z).join("/") === `${x}/${y}`);
  }

  /** Areas were loaded: boundaries, names and zones may differ. */
  areasChanged() {
    this.names.clear();
    this.areas.renew();
    this.parcels.renew();
  }

  /** The filters have changed: fetch the reports' tiles again. */
  reportsChanged() {
    if (!this.#coarse) this.reports.renew();
  }

  /** Show the counts by square in place of reports. */
  useCoarse() {
    this.#coarse = true;
    this.reports.options.local = coarseTile;
    this.reports.renew();
  }
}
