// The rule of the house: a file imports from its own layer and those before it in this list. Exits 1 and names each import that does not.
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
  ['report', 'cli'],
];

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
  for (const [, specifier] of readFileSync(join(src, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
    const target = normalize(join(dirname(file), specifier));
    const outside = relative('.', target).startsWith('..');
    if (!outside && layerOf(target) > layer) {
      console.error(`${file}: imports ${target}, which lies in a later layer`);
      broken += 1;
    }
  }
}
if (broken > 0) process.exit(1);
console.log('layers: every import points to its own layer or an earlier one');
