import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type InlineConfig, preview, build as viteBuild } from 'vite';

/** Software for both graphics interfaces, so that WebGL2 and WebGPU run where no graphics processor is; and no traffic of the browser's own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-webgpu-adapter=swiftshader',
];

/** The Chromium on the PATH. @throws if there is none */
function executable(): string {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not in this folder.
      }
    }
  }
  throw new Error('There must be a Chromium on the PATH; on Debian: apt-get install chromium');
}

/** A browser without a window. */
export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: executable(), args: FLAGS, timeout: 120_000 });

/** Files in a folder, as a static server hands them out. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** With these a page is cross-origin isolated: its workers may share memory. */
export const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Serves a built folder, each file with these headers, on a free port of this machine. */
export async function serve(outDir: string, headers: Readonly<Record<string, string>> = {}): Promise<Site> {
  const server = await preview({
    configFile: false,
    root: outDir,
    logLevel: 'silent',
    build: { outDir },
    preview: { port: 0, host: '127.0.0.1', headers },
  });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}

/** Builds a page with Vite. @throws if Vite has anything to complain about: a module of Node's is a warning, and then a page that does not run */
export async function build(config: InlineConfig): Promise<void> {
  const complaints: string[] = [];
  const complain = (message: string): void => {
    // How long its plugins took on a busy machine is no fault of the page.
    if (!message.includes('PLUGIN_TIMINGS')) complaints.push(message);
  };
  await viteBuild({
    configFile: false,
    logLevel: 'warn',
    ...config,
    customLogger: {
      info: () => {},
      warn: complain,
      warnOnce: complain,
      error: complain,
      clearScreen: () => {},
      hasErrorLogged: () => false,
      hasWarned: false,
    },
  });
  if (complaints.length > 0) throw new Error(`vite: ${complaints.join('\n')}`);
}

/** A new page at `url`. Whatever goes wrong in it unseen, ends in `errors`. */
export async function open(browser: Browser, url: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}
