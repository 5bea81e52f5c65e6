// Keeps the energy page fresh. Sums move slowly, so once a minute is enough.

import { redrawCharts } from "./charts/charts.js";
import { keepFresh } from "./fresh.js";
import { follow } from "./live.js";

const PAUSE_MS = 60_000;

const refreshWithin = keepFresh({ pause: () => PAUSE_MS, redraw: redrawCharts });

follow("energy", () => refreshWithin(PAUSE_MS));
