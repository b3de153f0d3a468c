// Coordinates as people write them; the service's own spellings are in geo/datum/degrees.py.

const NUMBER = "\\d+(?:\\.\\d*)?|\\.\\d+";
const HEAD = "(?:([NSEW]|[东西]经|[南北]纬)\\s*)?([+-]?)\\s*";
const TAIL = "\\s*([NSEW]|[东西]经|[南北]纬)?";
const MARKED = `(${NUMBER})\\s*[°º˚度d](?:\\s*(${NUMBER})\\s*['′’‘分m](?:\\s*(${NUMBER})\\s*(?:["″”“秒s]|''|′′|’’))?)?`;
const bare = (by) => `(\\d+)${by}(${NUMBER})(?:${by}(${NUMBER}))?`;
const SPELLINGS = [MARKED, ...["\\s", ":", "-"].map(bare), `(${NUMBER})()()`].map((body) => new RegExp(`^${HEAD}${body}${TAIL}$`));
const PLAIN = { "：": ":", "－": "-", "＋": "+", "．": ".", "，": ",", "＇": "'", "＂": '"' };
const WEST_SOUTH = ["W", "S", "西经", "南纬"];

/** The number of a coordinate, decimal or in degrees, minutes and seconds; NaN for other text. */
export function coordinateIn(text) {
  const plain = text.replace(/[：－＋．，＇＂]/g, (sign) => PLAIN[sign]).trim().replace(/\s+/g, " ");
  if (plain === "") return NaN;
  if (Number.isFinite(Number(plain))) return Number(plain);
  const found = SPELLINGS.map((spelling) => plain.match(spelling)).find(Boolean);
  if (!found) return NaN;
  const [, head, sign, ...rest] = found;
  const tail = rest[3];
  const parts = rest.slice(0, 3).filter(Boolean);
  const doubled = (head && tail) || ((head || tail) && sign);
  if (doubled || parts.slice(0, -1).some((part) => part.includes("."))) return NaN;
  const [degrees, minutes = 0, seconds = 0] = parts.map(Number);
  if (minutes >= 60 || seconds >= 60) return NaN;
  const value = degrees + minutes / 60 + seconds / 3600;
  return sign === "-" || WEST_SOUTH.includes(head ?? tail) ? -value : value;
}

/** Two coordinates that were pasted into one box; null where it holds one or none. */
export function pairIn(text) {
  for (const by of [/[,，;；\t]+/, /\s+/]) {
    const parts = text.trim().split(by).map((part) => part.trim()).filter(Boolean);
    if (parts.length === 2 && parts.every((part) => !Number.isNaN(coordinateIn(part)))) return parts;
  }
  return null;
}
