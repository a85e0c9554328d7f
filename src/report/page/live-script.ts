/** Time between two questions for news. */
export const POLL_MS = 2000;

/**
 * Script of the live page: asks for the page again and again, and exchanges the sections that differ. What is unfolded stays so, the focus stays
 * where it was, and what has not changed is not touched, so nothing flickers and nothing jumps.
 */
export const LIVE_SCRIPT = `
(() => {
  let tag = null, lost = false;
  const key = (element, root) => {
    const figure = element.closest('figure');
    const same = [...(figure ?? root).querySelectorAll(element.tagName)];
    return [figure ? figure.id : '', element.tagName, same.indexOf(element)].join(' ');
  };
  const find = (wanted, root, selector) => [...root.querySelectorAll(selector)].find((element) => key(element, root) === wanted);
  const exchange = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML) return;
    const open = [...old.querySelectorAll('details[open]')].map((element) => key(element, old));
    const scrolled = [...old.querySelectorAll('.scroll')].filter((element) => element.scrollLeft > 0)
      .map((element) => [key(element, old), element.scrollLeft]);
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    const focused = active && [key(active, old), active.tagName];
    old.innerHTML = fresh.innerHTML;
    for (const wanted of open) { const element = find(wanted, old, 'details'); if (element) element.open = true; }
    for (const [wanted, left] of scrolled) { const element = find(wanted, old, '.scroll'); if (element) element.scrollLeft = left; }
    if (focused) find(focused[0], old, focused[1])?.focus({ preventScroll: true });
  };
  const update = (page) => {
    document.title = page.title;
    exchange(document.querySelector('header'), page.querySelector('header'));
    exchange(document.querySelector('footer'), page.querySelector('footer'));
    const main = document.querySelector('main');
    let before = null;
    for (const fresh of page.querySelectorAll('main > section')) {
      let old = document.getElementById(fresh.id);
      if (old) exchange(old, fresh);
      else { old = document.importNode(fresh, true); before ? before.after(old) : main.prepend(old); }
      before = old;
    }
  };
  const say = (text) => {
    let line = document.querySelector('header .notice');
    if (!line) { line = document.createElement('p'); line.className = 'notice'; line.setAttribute('role', 'status'); document.querySelector('nav').before(line); }
    if (line.textContent !== text) line.textContent = text;
  };
  const ask = async () => {
    try {
      const response = await fetch('/', { cache: 'no-store', headers: tag ? { 'If-None-Match': tag } : {} });
      if (response.status === 200) {
        tag = response.headers.get('ETag');
        update(new DOMParser().parseFromString(await response.text(), 'text/html'));
      }
      lost = false;
    } catch {
      if (!lost) say('The run has ended or been stopped: this page shows the last that it said.');
      lost = true;
    }
    setTimeout(ask, ${POLL_MS});
  };
  setTimeout(ask, ${POLL_MS});
})();
`;
