import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { build, ISOLATED, launch, open, serve } from '../../test/support/chromium.js';
import { versionOf } from '../peers/version-of.js';
import type { Session } from './session.js';

/** What peers in a page consist of. None is a dependency: `npm run bench:peers` installs them beside. */
const PACKAGES = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-webgl',
  '@tensorflow/tfjs-backend-wasm',
  '@jax-js/jax',
] as const;

/** The page, open in Chromium. */
export interface OpenPage {
  readonly session: Session;
  /** Of the browser and of the peers' packages, `absent` where one is not installed. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whatever went wrong in it unseen. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/**
 * Builds the page and opens it in Chromium without a window, cross-origin isolated, with WebGL2 and WebGPU in software where there is no
 * graphics processor.
 * @param root the folder of its sources
 */
export async function openPage(root: string): Promise<OpenPage> {
  const versions = Object.fromEntries(PACKAGES.map((name) => [name, versionOrAbsent(name)]));
  const folder = await mkdtemp(join(tmpdir(), 'autobalance-bench-'));
  await build({
    root,
    worker: { format: 'es', plugins: () => [absentPackages((name) => versions[name] === 'absent')] },
    build: { outDir: folder, emptyOutDir: true, target: 'es2023', minify: false, chunkSizeWarningLimit: 10_000 },
  });
  const [site, browser] = await Promise.all([serve(folder, ISOLATED), launch()]);
  const { page, errors } = await open(browser, site.url);
  const ask = (what: keyof Session, ...args: unknown[]): Promise<never> =>
    page.evaluate(
      ([name, given]) => (globalThis as unknown as { ask(what: string, args: unknown): never }).ask(name, given),
      [what, args] as const,
    );
  return {
    session: { start: (...args) => ask('start', ...args), turn: (...args) => ask('turn', ...args) },
    versions: { browser: `Chromium ${browser.version()}`, ...versions },
    errors,
    async close() {
      await Promise.all([browser.close(), site.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function versionOrAbsent(name: string): string {
  try {
    return versionOf(name);
  } catch {
    return 'absent';
  }
}

const ABSENT = '\0absent:';

/** A package that is not there is an error where it is imported, when the page runs, and not already when it is built. */
const absentPackages = (isAbsent: (name: string) => boolean): Plugin => ({
  name: 'absent-packages',
  enforce: 'pre',
  resolveId(id) {
    const name = PACKAGES.find((each) => id === each || id.startsWith(`${each}/`));
    return name && isAbsent(name) ? ABSENT + name : undefined;
  },
  load(id) {
    if (!id.startsWith(ABSENT)) return undefined;
    const name = id.slice(ABSENT.length);
    return `throw new Error('${name} is not installed; npm run bench:peers does that');\nexport default '';`;
  },
});
