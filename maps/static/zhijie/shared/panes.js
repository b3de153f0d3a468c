// Two pictures for the whole map, each with its floors in a fixed order: areas below the names, reports
// above them. A picture for every layer would be simpler, but each is larger than the screen, and a
// browser without a graphics card then runs out of memory and leaves out parts of the page.

const AREAS = ["land", "zones", "grid", "townships", "counties"];
const REPORTS = ["found", "footprints", "marks", "gravest"];

const LevelledSvg = L.SVG.extend({
  _initContainer() {
    L.SVG.prototype._initContainer.call(this);
    this._groups = {};
    for (const name of this.options.floors) {
      this._groups[name] = L.SVG.create("g");
      this._rootGroup.append(this._groups[name]);
    }
  },

  _addPath(layer) {
    if (!this._rootGroup) this._initContainer();
    this._groups[layer.options.floor].append(layer._path);
    layer.addInteractiveTarget(layer._path);
  },
});

const renderers = {};

/** Make the map's panes, from the ground up; Leaflet's own popups lie above them. */
export function createPanes(map) {
  ["areas", "labels", "reports"].forEach((name, level) => {
    map.createPane(name).style.zIndex = 300 + 20 * level;
  });
  map.getPane("labels").style.pointerEvents = "none";
  // A margin, so that a dragged map shows no bare edge.
  renderers.areas = new LevelledSvg({ pane: "areas", padding: 0.3, floors: AREAS });
  renderers.reports = new LevelledSvg({ pane: "reports", padding: 0.3, floors: REPORTS });
}

/** Options that put a shape on a floor. */
export function svgLevel(name) {
  return { floor: name, renderer: AREAS.includes(name) ? renderers.areas : renderers.reports };
}
