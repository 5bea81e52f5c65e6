// Asks for this page again and replaces those of its marked parts that have changed. The rest of the page stays as it
// is, so focus, selection and scroll position do too. A part is known by its id.

const TIMEOUT_MS = 10_000;

export async function refresh(marked = "[data-live]") {
  await replaceParts(await load({}), marked);
}

// Sends a form of this page, and replaces parts with those of the page that comes back.
export async function submit(form, marked) {
  await replaceParts(await load({ method: "POST", body: new FormData(form) }), marked);
}

async function load(request) {
  return fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS), ...request });
}

async function replaceParts(answer, marked) {
  if (new URL(answer.url).pathname !== location.pathname) {
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
