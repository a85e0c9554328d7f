import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/index.js';
import { type LiveServer, serveLive } from '../../src/report/live-server.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Not fetch: that would tidy up the path and refuse another Host. */
const ask = (
  server: LiveServer,
  {
    path = '/',
    method = 'GET',
    headers = {},
  }: { path?: string; method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    call.on('error', reject);
    call.end();
  });

let server: LiveServer | undefined;
let version = 'one';
let rendered = 0;
const source = {
  version: async () => version,
  render: async () => {
    rendered += 1;
    return `<p>${version} é</p>`;
  },
};
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('serveLive', () => {
  test('serves the page at the root, on this machine alone', async () => {
    server = await serveLive(source);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { status, headers, body } = await ask(server);
    expect([status, body]).toEqual([200, '<p>one é</p>']);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const head = await ask(server, { method: 'HEAD' });
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', '13']);
  });

  test('says when nothing has changed, and renders each version once', async () => {
    server = await serveLive(source);
    rendered = 0;
    const [first, again] = await Promise.all([ask(server), ask(server)]);
    expect(rendered).toBe(1);
    const tag = String(first!.headers.etag);
    expect(again!.headers.etag).toBe(tag);
    expect((await ask(server, { headers: { 'if-none-match': tag } })).status).toBe(304);
    version = 'two';
    const next = await ask(server, { headers: { 'if-none-match': tag } });
    expect([next.status, next.body, rendered]).toEqual([200, '<p>two é</p>', 2]);
    version = 'one';
  });

  test.each(['/../../etc/passwd', '/%2e%2e/package.json', '//etc/passwd', '/index.html', '/?x', '/favicon.ico', '*'])(
    'there is nothing at %s',
    async (path) => {
      server = await serveLive(source);
      const { status, body } = await ask(server, { path });
      expect([status, body]).toEqual([404, 'There is one page only, at /.\n']);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    server = await serveLive(source);
    expect((await ask(server, { method })).status).toBe(405);
  });

  test('another name that leads here is refused', async () => {
    server = await serveLive(source);
    const { port } = new URL(server.url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:1${port}`]) {
      expect((await ask(server, { headers: { host } })).status).toBe(421);
    }
    expect((await ask(server, { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test('a page that cannot be made is an error, not a crash', async () => {
    server = await serveLive({
      version: async () => 'x',
      render: async () => {
        throw new Error('half a file');
      },
    });
    expect(await ask(server)).toMatchObject({ status: 500, body: 'The page cannot be made: half a file\n' });
    expect((await ask(server)).status).toBe(500);
  });

  test('a port that is taken, or none', async () => {
    server = await serveLive(source);
    const port = Number(new URL(server.url).port);
    await expect(serveLive(source, { port })).rejects.toThrow(ConfigError);
    await expect(serveLive(source, { port })).rejects.toThrow(/cannot listen on port \d+ \(EADDRINUSE\).*--live-port/);
    await expect(serveLive(source, { port: 70_000 })).rejects.toThrow(/from 0 to 65535, got 70000/);
  });

  test('nobody is kept waiting when it closes unseen', async () => {
    const unseen = await serveLive(source);
    const started = performance.now();
    await unseen.close();
    expect(performance.now() - started).toBeLessThan(1000);
    await expect(ask(unseen)).rejects.toThrow(/ECONNREFUSED/);
  });
});
