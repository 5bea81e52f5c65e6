// Moves the values of the overview. Power moves with each reading of the meter; the rest is asked for again now and
// then, when the pump or a sensor has sent something, and after the connection was away.

import { showAges } from "./ages.js";
import { keepFresh } from "./fresh.js";
import { follow } from "./live.js";
import { number } from "./words.js";

const PAUSE_MS = 30_000;
const STORED_AFTER_MS = 1500; // what the bus has said stands in the database a moment later

// A dial that readings move. Any other is replaced: where no meter had sent anything, where another meter has taken over
// from one that is silent, and where more is drawn than there is room for.
const MOVING = "#power:not([data-passed]) .dial[data-stale=false]";

const COLUMNS = {
  total: "active_power_total",
  l1: "active_power_l1",
  l2: "active_power_l2",
  l3: "active_power_l3",
  production: "active_production_total",
};

// Draws a power in W as its share of the scale.
function draw(panel, key, watts) {
  const part = watts / 1000 / Number(panel.dataset.scale);
  const share = Math.min(Math.max(part, 0), 1) * 100;
  if (key === "total" && part > 1) panel.dataset.passed = "";
  if (key === "total") panel.querySelector(".dial-arc").setAttribute("stroke-dasharray", `${share} 100`);
  else panel.querySelector(`[data-bar="${key}"]`).setAttribute("width", `${share}%`);
}

function show(reading) {
  const panel = document.getElementById("power");
  if (!document.querySelector(MOVING)) refreshWithin(STORED_AFTER_MS);
  if (reading.device_id !== panel.dataset.device) return;
  for (const [key, column] of Object.entries(COLUMNS)) {
    const watts = reading.fields[column] ?? null;
    const text = panel.querySelector(`[data-watts="${key}"]`);
    text.textContent = watts === null ? "\u2013" : number(watts / 1000, 2);
    if (watts !== null) text.closest("[hidden]")?.removeAttribute("hidden");
    draw(panel, key, watts ?? 0);
  }
  panel.querySelector("time").dateTime = reading.ts;
  showAges();
}

const refreshWithin = keepFresh({
  pause: () => PAUSE_MS,
  marked: (live) => (live && document.querySelector(MOVING) ? "[data-live=always]" : "[data-live]"),
});

follow("energy", show);
follow("heatpump", () => refreshWithin(STORED_AFTER_MS));
follow("temperature", () => refreshWithin(STORED_AFTER_MS));
