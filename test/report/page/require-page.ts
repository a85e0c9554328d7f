import { expect } from 'vitest';

/** The text of markup, entities and all resolved. */
export const textOf = (markup: string): string =>
  markup
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

const VOID = new Set(['meta', 'link', 'br', 'input', 'img']);

/** What every page must be: well-formed, loading nothing, its links leading somewhere, its figures described and tabulated. */
export function requirePage(page: string): void {
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  requireNesting(page.replace(/^<!doctype html>/, ''));
  const visible = page.replace(/base64,[^"]*/g, '');
  // With what stands around it, not with the whole page.
  expect(/.{0,80}(NaN|Infinity|undefined|\[object).{0,80}/.exec(visible)?.[0]).toBeUndefined();

  // Nothing from outside: the only addresses are places on the page, data, and names of XML vocabularies.
  const addresses = [...visible.matchAll(/\s(?:href|src|xlink:href|action)="([^"]*)"/g)].map(([, address]) => address!);
  for (const address of addresses) expect(address).toMatch(/^(#|data:)/);
  expect(visible).not.toMatch(/url\(|@import/);
  expect(visible.replace(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(/https?:/);

  const ids = [...visible.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!);
  expect(new Set(ids).size).toBe(ids.length);
  for (const address of addresses.filter((text) => text.startsWith('#'))) expect(ids).toContain(address.slice(1));
  for (const [, reference] of visible.matchAll(/aria-(?:labelledby|describedby)="([^"]*)"/g))
    expect(ids).toContain(reference);

  const figures = visible.match(/<figure[\s\S]*?<\/figure>/g) ?? [];
  for (const figure of figures) {
    const charts =
      figure.match(/<svg [^>]*role="img"[^>]*><title id="[^"]+">[^<]+<\/title><desc id="[^"]+">[^<]+<\/desc>/g) ?? [];
    expect(charts).toHaveLength(2);
    expect(figure).toMatch(/<h3>[^<]+<\/h3>/);
    expect(figure).toMatch(/<details><summary>Numbers[\s\S]*<tbody>\s*(<tr>|$)?/);
  }
  for (const [table] of visible.matchAll(/<table>[\s\S]*?<\/table>/g)) {
    expect(table).toMatch(/<caption>[^<]+<\/caption>/);
    expect(table).toContain('scope="col"');
  }
  // Whatever scrolls can be reached by keyboard and has a name.
  for (const [scroll] of visible.matchAll(/<div class="scroll"[^>]*>/g))
    expect(scroll).toMatch(/tabindex="0" role="region" aria-label="[^"]+"/);
  expect(visible.match(/<h1>/g)).toHaveLength(1);
  expect(visible).toContain('<a class="skip" href="#content">');
}

function requireNesting(markup: string): void {
  const open: string[] = [];
  const token = /<(\/?)([\w:-]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [whole, closing, name, , empty, text] of markup.matchAll(token)) {
    end += whole.length;
    if (text !== undefined) continue;
    if (closing) expect(open.pop()).toBe(name);
    else if (!empty && !VOID.has(name!)) open.push(name!);
  }
  expect(markup.slice(end, end + 80)).toBe('');
  expect(open).toEqual([]);
}
