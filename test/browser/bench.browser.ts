import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenPage, openPage } from '../../bench/page/open.js';
import type { Started, Turn } from '../../bench/page/session.js';

// What `npm run bench:page` opens: every backend of a page runs there and computes the same, and so does each peer that is installed.

const DEVICES = {
  'wasm, 1 thread': 'WebAssembly simd128, 1 thread',
  typescript: 'JavaScript, 1 thread',
  'gpu.js WebGL2': 'webgl2',
  'gpu.js WebGPU': 'webgpu; synchronous runs on webgl2',
};

let page: OpenPage;
let started: Started;

beforeAll(async () => {
  page = await openPage(fileURLToPath(new URL('../../bench/page', import.meta.url)));
  started = await page.session.start(true);
});

afterAll(() => page?.close());

test('every backend of ours runs on what it says, and a peer that is not installed says so', () => {
  const ours = started.sides.filter(({ peer }) => !peer).map((side) => [side.name, 'device' in side && side.device]);
  expect(Object.fromEntries(ours)).toMatchObject(DEVICES);
  expect(started.crossOriginIsolated).toBe(true);
  const threads = started.processors;
  if (threads > 1) expect(ours).toContainEqual([`wasm, ${threads} threads`, `WebAssembly simd128, ${threads} threads`]);
  expect(started.sides.some(({ peer }) => peer)).toBe(true);
  for (const side of started.sides) if ('absent' in side) expect(side.absent).toMatch(/npm run bench:peers/);
});

test.each(['sgemm 256', 'conv 8×8, 64 → 64, inputGrad', 'conv 8×8, 64 → 64, filterGrad'])(
  '%s is the same for all of them',
  async (task) => {
    const turns: Turn[] = [];
    for (const side of started.sides) {
      const turn = 'device' in side && (await page.session.turn(task, side.name, 0));
      if (turn) turns.push(turn);
    }
    expect(turns.length).toBeGreaterThanOrEqual(Object.keys(DEVICES).length);
    for (const { times, squares } of turns) {
      expect(times).toHaveLength(1);
      expect(squares / turns[0]!.squares).toBeCloseTo(1, 6);
    }
    expect(page.errors).toEqual([]);
  },
);
