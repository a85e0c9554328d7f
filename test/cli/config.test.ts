import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { classMethods, presets, referenceSearch } from '../../src/autobalance/index.js';
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
    expect(config.methods).toContain('autobalance');
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

  test('--methods all is every method that needs nothing but labels', () => {
    const { methods } = resolveConfig('mnist-lt', [], { methods: ['all'] });
    expect(methods).toEqual(classMethods);
    expect(methods).toContain('ldam-drw');
    expect(methods).not.toContain('group-dro');
  });

  test('the published recipe takes the place of the preset’s search, and what a file says comes on top', () => {
    const { search } = resolved({ search: { compat: 'reference', interval: 7 } });
    expect(search).toMatchObject({ ...referenceSearch, interval: 7 });
    expect(search.warmupEpochs).toBe(usual.search.warmupEpochs);
  });

  test.each<[object, object]>([
    [{ start: { loss: 'vs', tau: 1.25, gamma: 0.1 } }, { start: 'cdt' }],
    [{ start: 'cdt' }, { start: { delta: [1, 1], iota: [0, -1], weight: [1, 1] } }],
    [{ search: { objective: { blend: ['balanced', { name: 'deo', temperature: 0.2 }], lambda: 0.7 } } }, {}],
    [
      { search: { objective: { name: 'worst-group' } } },
      { search: { objective: { prior: [0.9, 0.1], of: 'balanced' } } },
    ],
    [{ search: { clusters: { size: 2 }, expansion: 'interpolated' } }, { search: { clusters: { of: [0, 0, 1] } } }],
    [{ baselines: { 'ldam-drw': { beta: 0.99 } } }, { baselines: { cdt: { gamma: 0.1 } } }],
    [{ search: { learn: ['weight'], learningRate: 'auto', patience: 0.3 } }, {}],
  ])(
    '%j, then %j: values of several kinds are replaced whole, and the text brings everything back',
    (first, second) => {
      const config = resolveConfig('mnist-lt', [file(first), file(second)]);
      const merged = 'baselines' in first ? { baselines: { 'ldam-drw': { beta: 0.99 }, cdt: { gamma: 0.1 } } } : second;
      expect(config).toMatchObject(merged);
      expect(resolveConfig(undefined, [parseConfig(configText(config), 'config.yaml')])).toEqual(config);
    },
  );

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
    [{ methods: ['fokal'] }, /methods\.0 must be one of cross-entropy, weighted, .*autobalance, got "fokal"/],
    [
      { methods: ['group-dro'] },
      'f.yaml: group-dro needs data with groups; name a group column as data.group, or leave the method out',
    ],
    [
      { search: { by: 'class-group' } },
      /search\.by must be class without groups, got class-group; name a group column as data\.group/,
    ],
    [{ search: { learningRate: 'fast' } }, /search\.learningRate must be a positive number or auto, got "fast"/],
    [
      { search: { objective: 'best' } },
      /search\.objective must be one of cross-entropy, calibrated, .*or \{name, temperature/,
    ],
    [{ search: { objective: { blend: ['balanced'], lambda: 0.5 } } }, /search\.objective must be one of/],
    [
      { search: { objective: { blend: ['balanced', 'deo'], lambda: 2 } } },
      /search\.objective\.lambda must be a number from 0 to 1, got 2/,
    ],
    [{ search: { clusters: { size: 0 } } }, /search\.clusters\.size must be an integer of at least 1, got 0/],
    [{ start: { loss: 'vs', tau: 'x' } }, /start must be one of cross-entropy, .*or \{loss, tau, gamma\}/],
    [{ start: { delta: [1, 0], iota: [0, 0], weight: [1, 1] } }, /softplus cannot make Δ = 0/],
    [
      { baselines: { focal: { beta: 1 } } },
      'f.yaml: unknown key "baselines.focal.beta"; choose one of "baselines.focal.gamma"',
    ],
    [{ baselines: { fokal: {} } }, 'f.yaml: unknown key "baselines.fokal"; did you mean "baselines.focal"?'],
    [{ baselines: { focal: { gamma: 'a' } } }, /baselines\.focal\.gamma must be a number, got "a"/],
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
      /command line: start must be one of cross-entropy, logit-adjustment, cdt, vs, or .*, got "focal"/,
    );
  });
});
