import { describe, expect, test } from 'vitest';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  fromExactJson,
  restoring,
  toExactJson,
} from '../../src/cli/checkpoint.js';
import { resolveConfig } from '../../src/cli/config.js';
import { encodeSafetensors } from '../../src/data/index.js';
import { ConfigError, DataError } from '../../src/ir/index.js';

const checkpoint: Checkpoint = {
  command: 'run',
  config: resolveConfig('mnist-lt', []),
  data: 'abc',
  device: 'typescript (JavaScript, 1 thread)',
  metrics: 3,
  snapshot: {
    arrays: { 'train.params.w': { shape: [2], dtype: 'f32', data: Float32Array.of(1.5, -0) } },
    json: {
      stageIndex: 1,
      phase: { completed: 4, lossSum: -0, spectrum: { largest: Number.NaN } },
      learned: null,
      results: { 'cross-entropy': { classError: [1, Number.NaN], balancedError: 1, error: 1, seconds: 0.1 } },
      hypergradients: [{ residuals: [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] }],
      seconds: { 'cross-entropy': 0.1 },
    },
  },
};

test('numbers come back exactly, those that JSON cannot hold included', () => {
  const values = [
    0.1 + 0.2,
    -0,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    5e-324,
    null,
    'NaN',
  ];
  const back = fromExactJson(toExactJson({ values })) as { values: unknown[] };
  back.values.forEach((value, i) => {
    expect(Object.is(value, values[i])).toBe(true);
  });
});

test('a checkpoint comes back from its file', () => {
  const back = decodeCheckpoint(encodeCheckpoint(checkpoint), 'c');
  expect(back).toEqual({ ...checkpoint, snapshot: { ...checkpoint.snapshot, arrays: expect.anything() } });
  expect({ ...back.snapshot.arrays }).toEqual(checkpoint.snapshot.arrays);
});

describe('refuses', () => {
  const withEntry = (entry: string): Uint8Array => encodeSafetensors({}, { 'autobalance.checkpoint': entry });
  const { snapshot, ...rest } = checkpoint;
  const entry = { version: 1, ...rest, state: snapshot.json };

  test.each([
    ['no entry', encodeSafetensors({}), /is no checkpoint/],
    ['no JSON', withEntry('{'), /not valid JSON/],
    ['another version', withEntry(toExactJson({ ...entry, version: 2 })), /version must be 1, got 2/],
    ['an unknown key', withEntry(toExactJson({ ...entry, extra: 1 })), /unknown key "extra"/],
    [
      'a missing part',
      withEntry(toExactJson({ ...entry, state: { ...snapshot.json, results: undefined } })),
      /state\.results/,
    ],
    [
      'a bad stage',
      withEntry(toExactJson({ ...entry, state: { ...snapshot.json, stageIndex: -1 } })),
      /state\.stageIndex/,
    ],
  ])('%s', (_, bytes, message) => {
    const decode = () => decodeCheckpoint(bytes, 'c');
    expect(decode).toThrow(DataError);
    expect(decode).toThrow(message);
  });

  test('a state that restoring trips over', () => {
    const trip = () => restoring('c', () => void (undefined as unknown as { x: object }).x);
    expect(trip).toThrow(DataError);
    expect(trip).toThrow(/c: its state is not one of this experiment/);
    const typed = () =>
      restoring('c', () => {
        throw new ConfigError('own words');
      });
    expect(typed).toThrow(ConfigError);
  });
});
