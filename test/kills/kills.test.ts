import { afterAll, beforeAll, expect, test } from 'vitest';
import { KillableRun } from './killed-run.js';

let run: KillableRun;
beforeAll(async () => {
  run = await KillableRun.make();
}, 600_000);
afterAll(() => run.remove());

/** `npm run test:kills` takes two hundred random moments, and every file operation. */
test('a search and retraining of ResNet-32 that dies again and again ends with the bits of the undisturbed run', {
  timeout: 600_000,
}, async () => {
  const writes = run.operations.flatMap((name, at) => (name === 'writeFile' ? [at] : []));
  const outcome = await run.kill('killed', [
    // In the middle of a write; later before it writes at all; then in the search's next steps.
    { env: { DIE_AT: String(writes[writes.length >> 2]), DIE_TORN: '1' } },
    { env: { DIE_AT: '0' } },
    { env: { DIE_AT: '23' } },
  ]);
  expect(outcome).toEqual({ kills: 3, resumptions: 3, differences: [] });
});
