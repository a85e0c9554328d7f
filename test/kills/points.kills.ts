import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/index.js';
import { KillableRun } from './killed-run.js';

/** Run by `npm run test:kills`: takes half an hour. */

const POINTS = Number(process.env.KILLS ?? 200);
/** Kills of one run, at most. */
const EACH = 8;
/** File operations of a process within which it is killed. */
const SPAN = 50;

let run: KillableRun;
beforeAll(async () => {
  run = await KillableRun.make();
  console.log(`undisturbed: ${run.operations.length} file operations`);
}, 600_000);
afterAll(() => run.remove());

test(`${POINTS} random moments`, { timeout: 24 * 3600_000 }, async () => {
  const random = new Random(1, 'kills');
  let [kills, resumptions, runs] = [0, 0, 0];
  while (kills < POINTS) {
    const wanted = Math.min(EACH, POINTS - kills);
    const outcome = await run.kill(
      `random-${runs}`,
      Array.from({ length: wanted }, () => ({
        killAfter: { operation: random.integer(SPAN), milliseconds: random.uniform() * 500 },
      })),
    );
    kills += outcome.kills;
    resumptions += outcome.resumptions;
    runs += 1;
    console.log(
      `${kills} kills of ${runs} runs, resumed ${resumptions} times: ${outcome.differences.join('; ') || 'same bits'}`,
    );
    expect(outcome.differences).toEqual([]);
  }
});

describe('every file operation', () => {
  test('of a run', { timeout: 24 * 3600_000 }, async () => {
    const { length } = run.operations;
    for (let at = 0; at < length; at++) {
      const torn = run.operations[at] === 'writeFile' ? { DIE_TORN: '1' } : {};
      const outcome = await run.kill(`operation-${at}`, [{ env: { DIE_AT: String(at), ...torn } }]);
      if ((at + 1) % 10 === 0) console.log(`${at + 1} of ${length} operations`);
      expect(outcome, `operation ${at}, ${run.operations[at]}`).toMatchObject({ kills: 1, differences: [] });
    }
  });
});
