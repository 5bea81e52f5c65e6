// Says of every value how old it is, and dims what is older than it should be.

import { ago, clockTime, houseNow } from "./words.js";

export function showAges() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const moment = Date.parse(time.dateTime);
    const seconds = (houseNow() - moment) / 1000;
    const words = ago(seconds);
    if (time.textContent !== words) time.textContent = words;
    time.title = clockTime(moment, { dateStyle: "medium", timeStyle: "medium" });
    const thing = time.closest("[data-late-after]");
    if (thing) thing.dataset.stale = seconds > Number(thing.dataset.lateAfter);
  }
}

showAges();
setInterval(showAges, 1000);
