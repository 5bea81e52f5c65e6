// Keeps the page of the rooms fresh: soon after a sensor has sent something, and once a minute in any case.

import { redrawCharts } from "./charts/charts.js";
import { keepFresh } from "./fresh.js";
import { follow } from "./live.js";

const PAUSE_MS = 60_000;
const AFTER_READING_MS = 5000; // a sensor sends its values one after the other

const refreshWithin = keepFresh({ pause: () => PAUSE_MS, redraw: redrawCharts });

follow("temperature", () => refreshWithin(AFTER_READING_MS));
