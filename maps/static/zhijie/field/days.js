// Days and times in China's time zone. No page and no texts in here.

const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone: "Asia/Shanghai" });
const clock = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });

/** Today: 2022-09-07. */
export const today = () => day.format(new Date());

/** The day of a time; "" where there is none. */
export const dayOf = (iso) => (iso ? day.format(new Date(iso)) : "");

/** 2022-09-07 10:05. */
export const momentOf = (iso) => clock.format(new Date(iso));
