// The rules of the house: a file imports from its own layer and those before it in this list; only folders around the engine use packages; and
// nothing that the browser's entry reaches is for Node. Exits 1 and names each import that breaks one.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAYERS = [
  ['ir'],
  ['ops'],
  ['ad'],
  ['compile'],
  ['backends'],
  ['tensor', 'nn', 'optim', 'losses', 'metrics', 'data', 'augment'],
  ['bilevel'],
  ['autobalance'],
  ['report', 'export', 'cli'],
];

/** Where a package may be imported. The engine has no dependency at run time. */
const WITH_PACKAGES = ['data', 'report', 'cli'];

const src = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');
const layerOf = (path) => LAYERS.findIndex((names) => names.includes(path.split('/')[0]));

let broken = 0;
for (const entry of readdirSync(src, { recursive: true })) {
  const file = String(entry);
  if (!file.endsWith('.ts') || !file.includes('/')) continue;
  const layer = layerOf(file);
  if (layer < 0) {
    console.error(`${file}: the folder is in no layer; add it to scripts/check-layers.mjs`);
    broken += 1;
    continue;
  }
  const text = readFileSync(join(src, file), 'utf8');
  for (const [, specifier] of text.matchAll(/(?:^import|from|import\() ?'((?!\.|node:)[^']+)'/gm)) {
    if (WITH_PACKAGES.includes(file.split('/')[0])) continue;
    console.error(`${file}: imports the package ${specifier}; only ${WITH_PACKAGES.join(', ')} may use packages`);
    broken += 1;
  }
  for (const [, specifier] of text.matchAll(/from '(\.[^']+)'/g)) {
    const target = normalize(join(dirname(file), specifier));
    const outside = relative('.', target).startsWith('..');
    if (!outside && layerOf(target) > layer) {
      console.error(`${file}: imports ${target}, which lies in a later layer`);
      broken += 1;
    }
  }
}

const reached = new Set();
/** `import type` and `export type` leave nothing behind. */
const VALUES = /^(?:import|export)(?! type\b)(?:[^;'=]* from)? '([^']+)';/gm;
(function visit(file, from) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, specifier] of readFileSync(join(src, file), 'utf8').matchAll(VALUES)) {
    if (specifier.startsWith('.')) visit(normalize(join(dirname(file), specifier.replace(/\.js$/, '.ts'))), file);
    else {
      console.error(
        `${file} (by ${from}): imports ${specifier}, and src/browser.ts reaches it; give browsers none of it`,
      );
      broken += 1;
    }
  }
})('browser.ts', 'the package');

if (broken > 0) process.exit(1);
console.log(
  'layers: every import points to its own layer or an earlier one, the engine imports no package, and browsers get nothing of Node',
);
