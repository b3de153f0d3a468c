// Decodes vector tiles into plain lists of features.

import { VectorTile } from "../../../vendor/@mapbox/vector-tile/index.js";
import { PbfReader } from "../../../vendor/pbf/index.js";

/** Layer name → [{type: 1 points|2 lines|3 areas, parts: [[{x, y}…]…], properties}], in pixels of `size` a tile. */
export function decode(buffer, size) {
  const found = {};
  if (buffer.byteLength === 0) return found;
  const { layers } = new VectorTile(new PbfReader(new Uint8Array(buffer)));
  for (const [name, layer] of Object.entries(layers)) {
    found[name] = Array.from({ length: layer.length }, (_, index) => plain(layer.feature(index), size / layer.extent));
  }
  return found;
}

function plain(feature, scale) {
  const parts = feature.loadGeometry();
  for (const part of parts) {
    for (const point of part) {
      point.x *= scale;
      point.y *= scale;
    }
  }
  // A report's number is its feature's, not one of its properties.
  const properties = feature.id === undefined ? feature.properties : { id: feature.id, ...feature.properties };
  return { type: feature.type, parts, properties };
}

/** Whether a point belongs to this tile, and not to a neighbour whose margin is included. */
export const ownPoint = ({ parts: [[{ x, y }]] }, size) => x >= 0 && y >= 0 && x < size && y < size;
