/*
 * What pages cannot do without a script: read themselves again, select all rows of a list, and go on with an action of
 * many rows. Everything else works without it.
 */

refreshPage();
selectAll();
goOn();

/** Reads the page again and again and takes over the parts marked data-refresh, while the page is looked at. */
function refreshPage() {
  const note = document.querySelector('[data-refresh-seconds]');
  if (note === null) return;
  note.hidden = false;
  const toggle = document.querySelector('[data-refresh-toggle]');
  const seconds = Number(note.dataset.refreshSeconds);
  let stopped = false;
  toggle.addEventListener('click', () => {
    stopped = !stopped;
    toggle.textContent = stopped ? toggle.dataset.start : toggle.dataset.stop;
  });
  window.setInterval(() => {
    if (!stopped && !document.hidden) void readAgain(seconds);
  }, seconds * 1000);
}

async function readAgain(seconds) {
  const lost = document.querySelector('[data-refresh-lost]');
  try {
    const answer = await fetch(window.location.href, {
      // Nobody did this: it must not keep the session alive.
      headers: { accept: 'text/html', 'x-refresh': '1' },
      signal: window.AbortSignal.timeout(seconds * 1000),
    });
    // The session is over: let the login page say so.
    if (answer.redirected) return window.location.replace(window.location.href);
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // What was waited for has ended: the page has more to show now.
    if (fresh.querySelector('[data-refresh-seconds]') === null)
      return window.location.replace(window.location.href);
    takeOver(fresh);
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}

function takeOver(fresh) {
  const freshParts = fresh.querySelectorAll('[data-refresh]');
  document.querySelectorAll('[data-refresh]').forEach((part, index) => {
    const freshPart = freshParts[index];
    if (freshPart !== undefined) replace(part, freshPart);
  });
}

/** What somebody opened stays open, and what has the focus keeps it. */
function replace(part, fresh) {
  const open = [...part.querySelectorAll('details')].map((details) => details.open);
  const focused = [...part.querySelectorAll('a, summary')].indexOf(document.activeElement);
  fresh.querySelectorAll('details').forEach((details, index) => {
    details.open = open[index] === true;
  });
  part.replaceWith(fresh);
  if (focused >= 0) fresh.querySelectorAll('a, summary')[focused]?.focus({ preventScroll: true });
}

function selectAll() {
  for (const all of document.querySelectorAll('[data-select-all]')) {
    const boxes = [...document.querySelectorAll(`input[name=row][form=${all.dataset.selectAll}]`)];
    all.hidden = false;
    const show = () => {
      const checked = boxes.filter((box) => box.checked).length;
      all.checked = checked > 0 && checked === boxes.length;
      all.indeterminate = checked > 0 && checked < boxes.length;
    };
    all.addEventListener('change', () => {
      for (const box of boxes) box.checked = all.checked;
    });
    for (const box of boxes) box.addEventListener('change', show);
    show();
  }
}

/** Sends the form that goes on with an action, unless the page is left before. A page loaded again does not do it again. */
function goOn() {
  const form = document.querySelector('form[data-go-on]');
  if (form === null) return;
  window.history.replaceState(null, '', window.location.pathname);
  window.setTimeout(() => form.requestSubmit(), 1000);
}
