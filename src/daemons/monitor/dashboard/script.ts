/**
 * What a browser runs: fetches the page again and puts it in place, so that nothing jumps, what was unfolded stays so
 * and the focus stays where it was. A monitor that does not answer is said; what is shown is then old, and looks it.
 */
export const SCRIPT = `'use strict';
const SECONDS = 15;
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy('dashboard', { createHTML: (text) => text })
  : { createHTML: (text) => text };
const notice = document.getElementById('unreachable');
let since;

async function refresh() {
  if (document.visibilityState === 'hidden') return;
  try {
    const response = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(10000) });
    if (!response.ok) throw new Error('status ' + response.status);
    replace(await response.text());
    since = undefined;
    document.body.classList.remove('old');
    notice.textContent = '';
  } catch {
    since ??= new Date();
    document.body.classList.add('old');
    notice.textContent = 'The monitor has not answered since ' + since.toISOString().slice(11, 16) +
      ' UTC. What is below is old: nothing in it is vouched for.';
  }
}

function replace(text) {
  const next = new DOMParser().parseFromString(policy.createHTML(text), 'text/html');
  const page = document.getElementById('page');
  const fresh = next.getElementById('page');
  if (!page || !fresh) throw new Error('no page');
  if (page.contains(document.getSelection()?.anchorNode ?? null) && !document.getSelection().isCollapsed) return;
  for (const open of page.querySelectorAll('details[open]')) fresh.querySelector('#' + open.id)?.setAttribute('open', '');
  const place = placeOf(document.activeElement, page);
  page.replaceWith(fresh);
  document.title = next.title;
  focusables(fresh)[place]?.focus({ preventScroll: true });
}

function focusables(page) {
  return [...page.querySelectorAll('a, summary, [tabindex]')];
}

function placeOf(element, page) {
  return page.contains(element) ? focusables(page).indexOf(element) : -1;
}

setInterval(refresh, SECONDS * 1000);
document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
`;
