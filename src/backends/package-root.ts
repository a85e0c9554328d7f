import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where this package lies: from src/backends and from dist/src/backends alike the nearest folder above with a binding.gyp. */
export function packageRoot(): string {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'binding.gyp')) && dirname(root) !== root) root = dirname(root);
  return root;
}
