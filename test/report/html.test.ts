import { expect, test } from 'vitest';
import { Html, html } from '../../src/report/html.js';

test('values are escaped, markup is not, lists are joined, nothing is nothing', () => {
  const inner = html`<b>${'<"&\'>'}</b>`;
  expect(inner.markup).toBe('<b>&lt;&quot;&amp;&#39;&gt;</b>');
  expect(html`<p title="${'a"b'}">${[inner, ' ', 3]}${null}${undefined}${new Html('<br>')}</p>`.markup).toBe(
    '<p title="a&quot;b"><b>&lt;&quot;&amp;&#39;&gt;</b> 3<br></p>',
  );
});
