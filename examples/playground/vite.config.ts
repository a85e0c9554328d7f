import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { makeDigits } from './make-digits.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
/** With these, threads may share memory. A static server that does not send them gets a page that runs on one. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  root: here,
  // The built page may be served from any folder.
  base: './',
  resolve: {
    alias: [
      { find: 'autobalance/browser', replacement: join(root, 'src', 'browser.ts') },
      { find: 'autobalance/autobalance.wasm', replacement: join(root, 'native', 'wasm', 'autobalance.wasm') },
      {
        find: 'autobalance/autobalance-threads.wasm',
        replacement: join(root, 'native', 'wasm', 'autobalance-threads.wasm'),
      },
    ],
  },
  plugins: [{ name: 'digits', buildStart: () => makeDigits(join(here, 'digits.bin')) }],
  server: { fs: { allow: [root] }, headers },
  preview: { headers },
  worker: { format: 'es' },
  build: { outDir: join(root, 'dist', 'playground'), emptyOutDir: true, target: 'es2023' },
});
