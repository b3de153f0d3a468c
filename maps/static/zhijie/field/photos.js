// Photos: their position, and a small copy for quick sending. The original is never changed.

const LONGEST_PX = 1600;
const QUALITY = 0.82;
const SMALL_BYTES = 400_000; // bytes; a smaller original needs no small copy

/** {lon, lat, accuracy_m} where a photo was taken (WGS84), or null. */
export async function photoPosition(file) {
  try {
    const { gps, exif } = window.ExifReader.load(await file.arrayBuffer(), { expanded: true });
    if (!Number.isFinite(gps?.Longitude) || !Number.isFinite(gps?.Latitude)) return null;
    const error = exif?.GPSHPositioningError?.value;
    const metres = Array.isArray(error) && error[1] ? error[0] / error[1] : null;
    return { lon: gps.Longitude, lat: gps.Latitude, accuracy_m: metres };
  } catch {
    return null; // no metadata, or no picture
  }
}

async function decode(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null; // a format that this browser cannot draw: sent as it is
  }
}

function drawScaled(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const asJpeg = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));

/** What is stored of a file: {id, name, original, small}. Its bytes are copied: the gallery may lose them. */
export async function preparePhoto(file) {
  const original = new Blob([await file.arrayBuffer()], { type: file.type });
  const bitmap = await decode(original);
  const large = bitmap !== null && (original.size > SMALL_BYTES || Math.max(bitmap.width, bitmap.height) > LONGEST_PX);
  const small = large ? await asJpeg(drawScaled(bitmap, LONGEST_PX)) : null;
  bitmap?.close();
  return { id: crypto.randomUUID(), name: file.name || "photo.jpg", original, small };
}

/** A picture of a photo for the page, at most `side` pixels; null where it cannot be drawn. */
export async function thumbnail({ original, small }, side = 96) {
  const bitmap = await decode(small ?? original);
  if (bitmap === null) return null;
  const canvas = drawScaled(bitmap, side * (window.devicePixelRatio || 1));
  bitmap.close();
  return canvas;
}
