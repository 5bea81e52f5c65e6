// Keeps the heat pump's page fresh: after each of its readings, and more often while a change is under way. A form
// changes its setting in place.

import { redrawCharts } from "./charts/charts.js";
import { keepFresh } from "./fresh.js";
import { follow } from "./live.js";
import { submit } from "./refresh.js";

const PAUSE_MS = 30_000;
const UNDER_WAY_PAUSE_MS = 2000;
const STORED_AFTER_MS = 1500; // what the bus has said stands in the database a moment later

function pause() {
  return document.querySelector("[data-under-way]") ? UNDER_WAY_PAUSE_MS : PAUSE_MS;
}

const refreshWithin = keepFresh({ pause, redraw: redrawCharts });

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-in-place]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const answer = () => form.querySelector("[data-answer]");
  const focused = document.activeElement;
  button.disabled = true;
  try {
    await submit(form, "[data-live], [data-answer]");
    form.querySelector("[aria-describedby]").setAttribute("aria-invalid", answer().textContent !== "");
    refreshWithin(pause());
  } catch ({ status }) {
    // Whoever may not write any more gets the site's own page. Where nobody answered, it can have been taken or not.
    if (status < 500) form.submit();
    else answer().textContent = form.dataset.wordUnanswered;
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) focused.focus();
  }
});

follow("heatpump", () => refreshWithin(STORED_AFTER_MS));
