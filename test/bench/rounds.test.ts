import { expect, test } from 'vitest';
import { measureInRounds } from '../../bench/page/rounds.js';
import type { SideStatus, Turn } from '../../bench/page/session.js';
import { makeReport } from '../../bench/report.js';

// How sides take turns in the page, told from times that are made up.

const ours = { name: 'ours', peer: false, device: 'here' };
const peer = { name: 'peer', peer: true, device: 'there' };
const absent = { name: 'absent', peer: true, absent: 'not installed' };
const tasks = [{ name: 'product', flop: 4e6 }, { name: 'step' }];
const OPTIONS = { rounds: 3, seconds: 1, only: '' };

/** Runs it, with what was asked for and what was said. */
async function measured(
  turn: (task: string, side: string) => Turn | undefined,
  sides: readonly SideStatus[] = [ours, peer, absent],
  options = OPTIONS,
) {
  const asked: string[] = [];
  const said: string[] = [];
  const session = {
    async turn(task: string, side: string) {
      asked.push(`${task}, ${side}`);
      return turn(task, side);
    },
  };
  return { ...(await measureInRounds(session, { tasks, sides }, options, (line) => said.push(line))), asked, said };
}

test('sides take turns, and the peer stands beside ours with medians over all rounds', async () => {
  let call = 0;
  const { timed, asked, leftOut } = await measured((_, side) => {
    call += 1;
    return { times: [side === 'ours' ? call : 10], squares: 7 };
  });
  expect(asked.slice(0, 6)).toEqual(Array(3).fill(['product, ours', 'product, peer']).flat());
  expect(leftOut).toEqual([]);
  const { cases, geomeans } = makeReport({}, undefined, timed);
  // Ours was called first, third and fifth.
  expect(cases[0]).toEqual({
    suite: 'page, ours',
    name: 'product',
    ours: { ms: 3, fastest: 1, slowest: 5, samples: 3, gflops: 4e6 / 3 / 1e6 },
    peers: { peer: { ms: 10, fastest: 10, slowest: 10, samples: 3, ratio: 10 / 3 } },
  });
  expect(cases[1]!.ours).not.toHaveProperty('gflops');
  expect(geomeans['page, ours/peer']).toBeCloseTo(Math.sqrt((10 / 3) * (10 / 9)), 12);
});

test('a peer that computes something else, fails, or does no such work is left out with the reason', async () => {
  const answers: { readonly [side: string]: () => Turn | undefined } = {
    ours: () => ({ times: [1], squares: 100 }),
    close: () => ({ times: [1], squares: 100.009 }),
    wrong: () => ({ times: [1], squares: 100.011 }),
    infinite: () => ({ times: [1], squares: Number.NaN }),
    broken: () => {
      throw new Error('device lost');
    },
    idle: () => undefined,
  };
  const sides = Object.keys(answers).map((name) => ({ name, peer: name !== 'ours', device: '' }));
  const { timed, leftOut, said } = await measured((_, side) => answers[side]!(), sides, {
    ...OPTIONS,
    only: 'product',
  });
  expect(leftOut).toEqual([
    'product, wrong: it computes something else: Σ v² is 100.011 and not 100',
    'product, infinite: it computes something else: Σ v² is NaN and not 100',
    'product, broken: device lost',
    'product, idle: it does no such work',
  ]);
  expect(said.filter((line) => line.startsWith('left out: '))).toHaveLength(4);
  expect(timed).toHaveLength(1);
  expect(Object.keys(timed[0]!.peers!)).toEqual(['close']);
});

test('one of ours that computes something else ends the run', async () => {
  const other = { ...ours, name: 'other' };
  const wrong = (_: string, side: string): Turn => ({ times: [1], squares: side === 'other' ? 2 : 1 });
  await expect(measured(wrong, [ours, other])).rejects.toThrow('bench: product, other: it computes something else');
});

test('a side whose calls take longer than 20 s has one turn', async () => {
  const { asked, timed } = await measured((_, side) => ({ times: [side === 'peer' ? 20_001 : 20_000], squares: 1 }));
  expect(asked.filter((each) => each === 'product, peer')).toHaveLength(1);
  expect(asked.filter((each) => each === 'product, ours')).toHaveLength(3);
  expect(timed[0]!.peers!.peer).toMatchObject({ ms: 20_001, samples: 1 });
});

test('only what was asked for is run', async () => {
  const turn = (): Turn => ({ times: [1], squares: 1 });
  const { asked } = await measured(turn, undefined, { ...OPTIONS, rounds: 1, only: 'step, o' });
  expect(asked).toEqual(['step, ours']);
});
