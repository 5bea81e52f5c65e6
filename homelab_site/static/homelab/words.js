// Numbers and times as the page's language writes them, in the house's time zone, by the house's clock.

const root = document.documentElement;
const language = root.lang === "en" ? "en-GB" : root.lang;
const timeZone = root.dataset.timeZone;
// The clock of a tablet on the wall may be wrong; the page says what time it was when it was made.
const ahead = Date.parse(root.dataset.now) - Date.now();

export function houseNow() {
  return Date.now() + ahead;
}

export function number(value, digits) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(value)
    .replace("-", "\u2212");
}

export function clockTime(moment, options = { hour: "2-digit", minute: "2-digit" }) {
  return new Intl.DateTimeFormat(language, { ...options, hourCycle: "h23", timeZone }).format(moment);
}

const relative = new Intl.RelativeTimeFormat(language, { style: "short" });
const now = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");

export function ago(seconds) {
  if (seconds < 10) return now;
  if (seconds < 60) return relative.format(-Math.floor(seconds), "second");
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 48 * 3600) return relative.format(-Math.floor(seconds / 3600), "hour");
  return relative.format(-Math.floor(seconds / 86400), "day");
}
