import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
import { POLL_MS } from './page/live-script.js';

/** What is served: a page, and a text that changes whenever it would. */
export interface LiveSource {
  version(): Promise<string>;
  /** The whole page. Called only for a version that nobody has seen, and while somebody looks. */
  render(): Promise<string>;
}

export interface LiveServer {
  readonly url: string;
  /** Stops listening; whoever looks on is given the time to fetch the last state. */
  close(): Promise<void>;
}

const ADDRESS = '127.0.0.1';

interface Rendered {
  readonly version: string;
  readonly page: Buffer;
  readonly tag: string;
}

/**
 * Serves one page on this machine alone, at the root path and nowhere else: no file is ever opened for a request. A request that names another host
 * is refused, so that no page from elsewhere can read this one through a name of its own that leads here.
 * @param port 0, the default, for any free one
 * @throws {ConfigError} if the port is taken or out of reach
 */
export async function serveLive(
  source: LiveSource,
  { port = 0 }: { readonly port?: number } = {},
): Promise<LiveServer> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(`live page: the port must be an integer from 0 to 65535, got ${port}`);
  }
  let rendering: Promise<Rendered> | undefined;
  let last: Rendered | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  const renderNow = async (version: string): Promise<Rendered> => {
    const page = Buffer.from(await source.render());
    last = { version, page, tag: `"${createHash('sha256').update(page).digest('base64url')}"` };
    return last;
  };
  const current = async (): Promise<Rendered> => {
    const version = await source.version();
    if (last?.version === version) return last;
    // Those who ask at the same time wait for the same page.
    rendering ??= renderNow(version).finally(() => {
      rendering = undefined;
    });
    return rendering;
  };

  const server = createServer((request, response) => {
    askedAt = performance.now();
    answer(request, response, current).catch((error: unknown) => {
      refuse(response, 500, `The page cannot be made: ${messageOf(error)}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new ConfigError(
          `live page: cannot listen on port ${port} (${error.code ?? error.message}); name another with --live-port`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen(port, ADDRESS, resolve);
  });
  // A page that is looked at must not keep a finished program alive.
  server.unref();
  return {
    url: `http://${ADDRESS}:${(server.address() as AddressInfo).port}/`,
    async close() {
      if (performance.now() - askedAt < 2 * POLL_MS) await sleep(1.25 * POLL_MS);
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

async function answer(
  { method, url, headers, socket }: IncomingMessage,
  response: ServerResponse,
  current: () => Promise<Rendered>,
): Promise<void> {
  const here = [ADDRESS, 'localhost'].map((host) => `${host}:${socket.localPort}`);
  if (!here.includes(headers.host ?? '')) return refuse(response, 421, 'This page is for this machine alone.');
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, 'There is only something to read.');
  if (url !== '/') return refuse(response, 404, 'There is one page only, at /.');
  const { page, tag } = await current();
  const common = { ...HEADERS, ETag: tag };
  if (headers['if-none-match'] === tag) {
    response.writeHead(304, common).end();
    return;
  }
  response.writeHead(200, { ...common, 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': page.length });
  response.end(method === 'HEAD' ? undefined : page);
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

function refuse(response: ServerResponse, status: number, text: string): void {
  if (!response.headersSent) response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
