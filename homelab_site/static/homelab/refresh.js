// Asks for this page again and replaces those of its marked parts that have changed. The rest of the page stays as it
// is, so focus, selection and scroll position do too. A part is known by its id.

const TIMEOUT_MS = 10_000;

export async function refresh(marked = "[data-live]") {
  const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (answer.redirected) {
    location.reload(); // the session is over: show the login page
    return;
  }
  if (!answer.ok) {
    throw new Error(`status ${answer.status}`);
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll(marked)) {
    const newer = fresh.getElementById(part.id);
    if (newer && newer.outerHTML !== part.outerHTML) {
      part.replaceWith(newer);
    }
  }
  document.title = fresh.title;
}
