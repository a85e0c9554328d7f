import { type Fragment, type Html, html, Html as Markup } from '../html.js';
import { STYLE } from './style.js';

export interface Section {
  /** Unique on the page; where the list of contents leads. */
  readonly id: string;
  readonly title: string;
  readonly content: Fragment;
}

export interface PageOptions {
  readonly title: string;
  readonly lead: string;
  /** Something to say before anything else. */
  readonly notice?: string;
  readonly sections: readonly Section[];
  readonly footer: string;
  /** Script of a live page; without one the page forbids scripts. */
  readonly script?: string;
}

/**
 * A page of its own: style and pictures are in it, and its policy forbids to load anything from anywhere.
 * A live page may fetch from where it came, and nothing else.
 */
export function pageDocument({ title, lead, notice, sections, footer, script }: PageOptions): string {
  const policy = script
    ? "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
    : "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
  const document: Html = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header id="top">
<h1>${title}</h1>
<p class="lead">${lead}</p>
${notice ? html`<p class="notice" role="status">${notice}</p>` : null}
<nav aria-label="Contents"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
<main id="content">
${sections.map(
  ({ id, title: name, content }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${name}</h2>
${content}
</section>
`,
)}</main>
<footer><p>${footer}</p></footer>
${script ? html`<script>${new Markup(script)}</script>\n` : null}</body>
</html>
`;
  return document.markup;
}
