import { runInNewContext } from 'node:vm';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { LIVE_SCRIPT } from '../../../src/report/page/live-script.js';

const page = (sections: string): string =>
  `<!doctype html><html><head><title>run</title></head><body><header><nav></nav></header><main id="content">${sections}</main><footer></footer></body></html>`;
const section = (id: string, text: string): string =>
  `<section id="${id}"><figure id="f-${id}"><details><summary>Numbers</summary>${text}</details></figure></section>`;

/** The script in a document of its own, where time passes when told to. */
function open(markup: string) {
  const { document, DOMParser } = parseHTML(markup);
  let timer: (() => unknown) | undefined;
  const asked: (string | undefined)[] = [];
  let answer: () => { status: number; body?: string; tag?: string } = () => ({ status: 304 });
  const fetch = async (_: string, { headers }: { headers: Record<string, string> }) => {
    asked.push(headers['If-None-Match']);
    const { status, body = '', tag = '' } = answer();
    return { status, headers: { get: () => tag }, text: async () => body };
  };
  const setTimeout = (task: () => unknown): void => {
    timer = task;
  };
  runInNewContext(LIVE_SCRIPT, { document, DOMParser, fetch, setTimeout });
  return {
    document,
    asked,
    async tick(next: typeof answer): Promise<void> {
      answer = next;
      await timer!();
    },
  };
}

test('what changed is exchanged, what is new is put in its place, the rest is not touched', async () => {
  const { document, asked, tick } = open(page(section('one', 'a') + section('three', 'c')));
  const [one, three] = ['one', 'three'].map((id) => document.getElementById(id)!);
  const untouched = one!.querySelector('figure');
  three!.querySelector('details')!.setAttribute('open', '');
  const body = page(section('one', 'a') + section('two', 'b') + section('three', 'changed'));
  await tick(() => ({ status: 200, body, tag: '"x"' }));
  expect([...document.querySelectorAll('main > section')].map(({ id }) => id)).toEqual(['one', 'two', 'three']);
  expect(document.getElementById('one')!.querySelector('figure')).toBe(untouched);
  expect(document.getElementById('three')).toBe(three);
  const details = three!.querySelector('details') as unknown as { open: boolean; textContent: string };
  expect(details.textContent).toContain('changed');
  expect(details.open).toBe(true);
  expect(
    (document.getElementById('two')!.querySelector('details') as unknown as { open?: boolean }).open ?? false,
  ).toBe(false);
  // It asks on, saying what it has.
  await tick(() => ({ status: 304 }));
  expect(asked).toEqual([undefined, '"x"']);
});

test('a lost connection is said once, and does not end the asking', async () => {
  const { document, asked, tick } = open(page(section('one', 'a')));
  const gone = (): never => {
    throw new Error('refused');
  };
  await tick(gone);
  await tick(gone);
  expect(document.querySelectorAll('header .notice')).toHaveLength(1);
  expect(document.querySelector('header .notice')!.textContent).toMatch(/ended or been stopped/);
  await tick(() => ({ status: 200, body: page(section('one', 'b')), tag: '"y"' }));
  expect(document.getElementById('one')!.textContent).toContain('b');
  expect(document.querySelector('header .notice')).toBeNull();
  expect(asked).toHaveLength(3);
});
