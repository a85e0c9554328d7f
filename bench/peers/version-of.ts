import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** The version of a package that is installed. It need not export its manifest, so it is looked for where packages lie. @throws if it is not there */
export function versionOf(name: string): string {
  const folder = (require.resolve.paths(name) ?? []).find((each) => existsSync(join(each, name)));
  if (folder === undefined) throw new Error(`Cannot find package '${name}'`);
  return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { readonly version: string }).version;
}
