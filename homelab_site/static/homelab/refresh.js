// Asks for this page again and replaces those of its marked parts that have changed. The rest of the page stays as it
// is, so selection and scroll position do too. A part is known by its id.

const TIMEOUT_MS = 10_000;
const FOCUSABLE = "a, button, input, select, summary, [tabindex]";

export async function refresh(marked = "[data-live]") {
  await replaceParts(await load({}), marked);
}

// Sends a form of this page, and replaces parts with those of the page that comes back. What it throws has the `status`
// that the site has answered with, if it has.
export async function submit(form, marked) {
  const answer = await load({ method: "POST", body: new FormData(form) });
  if (answer.type === "opaqueredirect") await refresh(marked); // what was sent is taken, or nobody is logged in
  else await replaceParts(answer, marked);
}

// Redirections are not followed: one can lead to a login at another host, which the page may not ask.
async function load(request) {
  const how = { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) };
  return fetch(location.href, { ...how, ...request });
}

async function replaceParts(answer, marked) {
  if (answer.type === "opaqueredirect") {
    location.replace(`/login/?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  if (!answer.ok) {
    throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (fresh.querySelectorAll(marked).length !== document.querySelectorAll(marked).length) {
    location.reload(); // there is more on the page than before, such as the first reading of all
    return;
  }
  for (const part of document.querySelectorAll(marked)) {
    const newer = fresh.getElementById(part.id);
    if (newer && newer.outerHTML !== part.outerHTML) replace(part, newer);
  }
  document.title = fresh.title;
}

// Whoever is typing goes on; any other focus moves to what stands in the same place.
function replace(part, newer) {
  if (part.querySelector("input:focus, select:focus")) return;
  const place = [...part.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  part.replaceWith(newer);
  if (place >= 0) newer.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
}

// Returns a function that lets `work` be done within some milliseconds: whatever asks for it later changes nothing.
export function scheduler(work) {
  let timer = 0;
  let due = Infinity;
  return function within(milliseconds) {
    const moment = Date.now() + milliseconds;
    if (moment >= due) return;
    clearTimeout(timer);
    due = moment;
    timer = setTimeout(() => {
      due = Infinity;
      work();
    }, milliseconds);
  };
}
