// Asks for the status page again every few seconds and replaces the parts that have changed. The rest of the page
// stays as it is, so focus, selection and scroll position do too.
"use strict";

const PAUSE_MS = 5000;
const TIMEOUT_MS = 10000;
const stale = document.getElementById("stale");

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (answer.redirected) {
    location.reload(); // the session is over: show the login page
    return;
  }
  if (!answer.ok) {
    throw new Error(`status ${answer.status}`);
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = fresh.getElementById(part.id);
    if (newer.outerHTML !== part.outerHTML) {
      part.replaceWith(newer);
    }
  }
  document.title = fresh.title;
}

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
