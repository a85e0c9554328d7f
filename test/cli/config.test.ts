import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { presets } from '../../src/autobalance/index.js';
import { configText, parseConfig, resolveConfig } from '../../src/cli/config.js';
import { ConfigError } from '../../src/ir/index.js';

const usual = presets['mnist-lt']!.settings;
const file = (value: object) => parseConfig(stringify(value), 'f.yaml');
const resolved = (value: object) => resolveConfig('mnist-lt', [file(value)]);
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('expected an error');
};

describe('resolveConfig', () => {
  test.each(Object.keys(presets))('%s is valid as it is, and comes back from its own text', (name) => {
    const config = resolveConfig(name, []);
    expect(config).toMatchObject({ ...presets[name]!.settings, preset: name, seed: 1, dataDir: null });
    expect(config.methods).toEqual(['cross-entropy', 'logit-adjustment', 'autobalance']);
    expect(resolveConfig(undefined, [parseConfig(configText(config), 'config.yaml')])).toEqual(config);
  });

  test('preset, then file, then command line; sections are merged, lists replaced', () => {
    const config = resolveConfig(
      'mnist-lt',
      [file({ seed: 7, training: { batchSize: 32, milestones: [0.5] }, search: { method: { solver: 'cg' } } })],
      { seed: 9, dataDir: 'some/folder', start: 'cross-entropy', methods: ['autobalance', 'cross-entropy'] },
    );
    expect(config.seed).toBe(9);
    expect(config.training).toEqual({ ...usual.training, batchSize: 32, milestones: [0.5] });
    expect(config.search).toEqual({ ...usual.search, method: { ...usual.search.method, solver: 'cg' } });
    expect(config.dataDir).toBe(resolve('some/folder'));
    expect(config.methods).toEqual(['cross-entropy', 'autobalance']);
  });

  test('a file can name the preset', () => {
    expect(resolveConfig(undefined, [file({ preset: 'fashion-mnist-lt' })]).preset).toBe('fashion-mnist-lt');
    expect(failure(() => resolveConfig('mnist-lt', [file({ preset: 'fashion-mnist-lt' })]))).toMatch(
      /f\.yaml: is for the preset fashion-mnist-lt, not mnist-lt/,
    );
    expect(failure(() => resolveConfig(undefined, []))).toMatch(/a preset is needed; name one of mnist-lt, fashion/);
    expect(failure(() => resolveConfig('mnist-tl', []))).toMatch(/no preset "mnist-tl"; did you mean "mnist-lt"\?/);
    expect(failure(() => resolveConfig('toString', []))).toMatch(/there is no preset "toString"/);
  });

  test('--epochs scales the whole schedule', () => {
    const value = { training: { epochs: 12, warmupEpochs: 3 }, searchEpochs: 24, search: { warmupEpochs: 8 } };
    const at = (epochs: number) => {
      const { training, searchEpochs, search } = resolveConfig('mnist-lt', [file(value)], { epochs });
      return [training.epochs, training.warmupEpochs, searchEpochs, search.warmupEpochs];
    };
    expect(at(12)).toEqual([12, 3, 24, 8]);
    expect(at(4)).toEqual([4, 1, 8, 2]);
    expect(at(1)).toEqual([1, 0, 2, 0]);
    expect(at(24)).toEqual([24, 6, 48, 16]);
  });
});

describe('errors name key, rule, value and remedy', () => {
  test.each([
    [{ sede: 1 }, 'f.yaml: unknown key "sede"; did you mean "seed"?'],
    [{ training: { epoch: 1 } }, 'f.yaml: unknown key "training.epoch"; did you mean "training.epochs"?'],
    [
      { search: { method: { iteration: 1 } } },
      'f.yaml: unknown key "search.method.iteration"; did you mean "search.method.iterations"?',
    ],
    [{ zzz: 1 }, /^f\.yaml: unknown key "zzz"; choose one of "preset", "dataDir", "seed"/],
    [
      { training: { batchSize: 0 } },
      `f.yaml: training.batchSize must be an integer of at least 1, got 0; the preset mnist-lt has ${usual.training.batchSize}`,
    ],
    [{ training: { batchSize: 1.5 } }, /training\.batchSize must be an integer of at least 1, got 1\.5/],
    [{ training: { learningRate: 'fast' } }, /training\.learningRate must be a positive number, got "fast"/],
    [{ training: { learningRate: Number.NaN } }, /training\.learningRate must be a positive number, got NaN/],
    [{ training: { learningRate: Number.POSITIVE_INFINITY } }, /must be a positive number, got Infinity/],
    [{ training: 3 }, /training must be a section with keys of its own, got 3/],
    [{ training: null }, /training must be a section with keys of its own, got null/],
    [
      { training: { milestones: [0.5, 1.5] } },
      /training\.milestones\.1 must be a number between 0 and 1, both excluded, got 1\.5/,
    ],
    [{ training: { milestones: [0.5, 0.5] } }, /f\.yaml: training\.milestones must rise/],
    [
      { training: { epochs: 2, warmupEpochs: 3 } },
      /training\.warmupEpochs must not exceed training\.epochs, got 3 and 2/,
    ],
    [
      { searchEpochs: 12, search: { warmupEpochs: 12 } },
      /search\.warmupEpochs must be below searchEpochs, got 12 and 12/,
    ],
    [{ search: { learn: ['delta', 'delta'] } }, /search\.learn must not name anything twice/],
    [{ search: { learn: [] } }, /search\.learn must name at least one of delta, iota/],
    [{ search: { method: { damping: 'some' } } }, /damping must be a number that is not negative or auto, got "some"/],
    [{ search: { parametrisation: 'sigmoid' } }, /sigmoid cannot make Δ = 1/],
    [{ methods: ['focal'] }, /methods\.0 must be one of cross-entropy, logit-adjustment, autobalance, got "focal"/],
    [{ longTail: { n0: 50, imbalance: 100 } }, /longTail\.n0 must be at least longTail\.imbalance, got 50 and 100/],
    [{ seed: -1 }, /seed must be an integer of at least 0, got -1/],
    [{ preset: 3 }, /preset must be a name, got 3/],
    [{ model: { channels: [] } }, /model\.channels must not be empty/],
  ])('%j', (value, message) => {
    const text = failure(() => resolved(value));
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  test.each([
    ['seed: [1', /^f\.yaml: not valid YAML: .+ at line 1/],
    ['seed: 1\nseed: 2', /^f\.yaml: not valid YAML: Map keys must be unique/],
    ['- 1', /^f\.yaml: must hold keys and values/],
    ['just text', /^f\.yaml: must hold keys and values/],
    ['__proto__: {seed: 2}', /^f\.yaml: unknown key "__proto__"/],
  ])('%j', (text, message) => {
    expect(failure(() => parseConfig(text, 'f.yaml'))).toMatch(message);
  });

  test('an empty file changes nothing', () => {
    expect(resolveConfig('mnist-lt', [parseConfig('# nothing\n', 'f.yaml')])).toEqual(resolveConfig('mnist-lt', []));
  });

  test('names on the command line', () => {
    expect(failure(() => resolveConfig('mnist-lt', [], { methods: ['cross-entropi'] }))).toBe(
      '--methods: there is no method "cross-entropi"; did you mean "cross-entropy"?',
    );
    expect(failure(() => resolveConfig('mnist-lt', [], { start: 'focal' }))).toMatch(
      /command line: start must be one of cross-entropy, logit-adjustment, got "focal"/,
    );
  });
});
