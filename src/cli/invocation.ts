import { basename, relative } from 'node:path';

/** A word as a POSIX shell takes it. */
export const shellWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** How to call this program again from the same folder. `npm_command` is what npm tells its children. */
export function invocationOf(
  script: string,
  cwd: string,
  env: { readonly [name: string]: string | undefined },
): string {
  if (env.npm_command === 'exec') return 'npx autobalance';
  if (basename(script) === 'autobalance') return 'autobalance';
  const near = relative(cwd, script);
  return `node ${shellWord(near.startsWith('..') ? script : near)}`;
}
