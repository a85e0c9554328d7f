import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { makeDigits } from './make-digits.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');

export default defineConfig({
  root: here,
  // The built page may be served from any folder.
  base: './',
  resolve: {
    alias: [
      { find: 'autobalance/browser', replacement: join(root, 'src', 'browser.ts') },
      { find: 'autobalance/autobalance.wasm', replacement: join(root, 'native', 'wasm', 'autobalance.wasm') },
    ],
  },
  plugins: [{ name: 'digits', buildStart: () => makeDigits(join(here, 'digits.bin')) }],
  server: { fs: { allow: [root] } },
  worker: { format: 'es' },
  build: { outDir: join(root, 'dist', 'playground'), emptyOutDir: true, target: 'es2023' },
});
