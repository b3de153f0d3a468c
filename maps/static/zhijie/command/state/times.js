// Times and days in words, in Beijing's time zone.

import { number, say } from "../../shared/page.js";

// The Swedish locale has the wanted format: 2022-09-07, 10:05:00.
const zone = "Asia/Shanghai";
const clock = new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium", timeZone: zone });
const moment = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone });
const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone: zone });

const formatted = (format, when) => {
  const time = new Date(when ?? NaN);
  return Number.isNaN(time.getTime()) ? String(when ?? "") : format.format(time);
};

export const clockOf = (when) => formatted(clock, when);
export const momentOf = (when) => formatted(moment, when);
export const today = () => day.format(new Date());

/** How long ago, in words. */
export function ago(iso, now = Date.now()) {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (!(minutes >= 1)) return say("ago_now");
  if (minutes < 60) return say("ago_minutes", { count: minutes });
  if (minutes < 48 * 60) return say("ago_hours", { count: Math.floor(minutes / 60) });
  return say("ago_days", { count: number(Math.floor(minutes / 1440)) });
}

/** The first and last day of each of the last `count` months, the oldest first: [{name, first, last}]. */
export function months(count) {
  const [year, month] = today().split("-").map(Number);
  return Array.from({ length: count }, (_, index) => {
    const first = new Date(Date.UTC(year, month - count + index, 1));
    const last = new Date(Date.UTC(year, month - count + index + 1, 0));
    const text = first.toISOString().slice(0, 10);
    return { name: text.slice(0, 7), first: text, last: last.toISOString().slice(0, 10) };
  });
}
