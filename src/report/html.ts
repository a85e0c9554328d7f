/** Markup, as against text that may hold anything. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Fragment = string | number | Html | readonly Fragment[] | null | undefined;

const ESCAPES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or a quoted attribute. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);

function markupOf(fragment: Fragment): string {
  if (fragment === null || fragment === undefined) return '';
  if (fragment instanceof Html) return fragment.markup;
  if (typeof fragment === 'object') return fragment.map(markupOf).join('');
  return escaped(String(fragment));
}

/** A template whose values are escaped unless they are {@link Html} themselves; lists are joined, `null` and `undefined` are nothing. */
export const html = (strings: TemplateStringsArray, ...values: readonly Fragment[]): Html =>
  new Html(strings.reduce((text, part, i) => text + markupOf(values[i - 1]) + part));
