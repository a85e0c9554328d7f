import { type Html, html } from '../html.js';
import type { RawFile } from './content.js';

/** More than that would make the page slow to open; the file is in the run directory anyway. */
const MOST_BYTES = 4 * 2 ** 20;

/** The files, inside the page: links that need neither a network nor a script. */
export function downloads(files: readonly RawFile[]): Html {
  const entries = files.map(({ name, type, text }) => {
    const bytes = Buffer.from(text, 'utf8');
    return bytes.length > MOST_BYTES
      ? html`<li><span>${name}: ${(bytes.length / 2 ** 20).toFixed(1)} MB, in the run directory</span></li>`
      : html`<li><a download="${name}" href="data:${type};charset=utf-8;base64,${bytes.toString('base64')}">${name} <span class="hidden">download, </span>(${Math.max(1, Math.round(bytes.length / 1024))} kB)</a></li>`;
  });
  return html`<ul class="files">${entries}</ul>`;
}
