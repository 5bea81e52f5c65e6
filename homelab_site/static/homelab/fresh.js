// Keeps a page fresh: asks for it again now and then, at once after the connection was away, and sooner while it is.

import { showAges } from "./ages.js";
import { onState, siteAnswers } from "./live.js";
import { refresh, scheduler } from "./refresh.js";

const AWAY_PAUSE_MS = 5000;

// `pause` returns for how many milliseconds a live page is fresh enough, `marked` which parts are replaced while it is
// live or not, and `redraw` is called after that. Returns a function that lets the page be asked for within some milliseconds.
export function keepFresh({ pause, marked = () => "[data-live]", redraw = () => {} }) {
  let state = "connecting";

  async function ask() {
    const fails = document.hidden ? null : await failure(marked(state === "live"));
    if (fails === false) {
      showAges();
      redraw();
    }
    within(fails || state !== "live" ? AWAY_PAUSE_MS : pause());
  }

  const within = scheduler(ask);
  onState((now) => {
    if (now === "away") within(AWAY_PAUSE_MS);
    else within(state === "away" ? 0 : pause());
    state = now;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) within(0);
  });
  return within;
}

// Asks for the page, and tells whether that failed. The live mark says so.
async function failure(marked) {
  try {
    await refresh(marked);
    siteAnswers(true);
    return false;
  } catch {
    siteAnswers(false);
    return true;
  }
}
