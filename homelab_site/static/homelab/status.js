// Keeps the status page fresh.

import { refresh } from "./refresh.js";

const PAUSE_MS = 5000;
const stale = document.getElementById("stale");

async function keepFresh() {
  if (!document.hidden) {
    try {
      await refresh();
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
  }
  setTimeout(keepFresh, PAUSE_MS);
}

setTimeout(keepFresh, PAUSE_MS);
