import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  type ModelInput,
  modelKind,
  modelNames,
  namedModel,
  parameterCount,
  Random,
  tensor,
} from '../../src/index.js';

const images = { kind: 'images', imageShape: [32, 32, 3] } as const;
const table = { kind: 'table', numeric: 6, categories: [9, 16, 2] } as const;

describe('namedModel', () => {
  test.each([
    ['small-cnn', 27 * 16 + 32 + 144 * 32 + 64 + 288 * 64 + 128 + 10_250],
    // What the networks of He et al. have, and two 1×1 shortcuts with their norms.
    ['resnet-20', 269_722 + 2_752],
    ['resnet-32', 464_154 + 2_752],
    ['resnet-44', 658_586 + 2_752],
    ['resnet-56', 853_018 + 2_752],
    ['resnet-110', 1_727_962 + 2_752],
    // torchvision's, with ten classes instead of a thousand.
    ['resnet-50', 25_557_032 - 990 * 2_049],
  ] as const)('%s', (name, parameters) => {
    expect(parameterCount(namedModel(name, images, { classes: 10 }))).toBe(parameters);
  });

  test('every name makes a model that answers data of its kind', () => {
    expect(modelNames.length).toBeGreaterThan(7);
    for (const name of modelNames) {
      if (name === 'resnet-50' || name === 'resnet-110') continue;
      if (modelKind(name).input === 'images') {
        const model = namedModel(name, { kind: 'images', imageShape: [8, 8, 1] }, { classes: 3 });
        const { params, state } = model.init(new Random(0));
        const x = tensor(new Float32Array(2 * 64), { shape: [2, 8, 8, 1] });
        expect(model.apply(params, state, x, { train: false }).logits.shape, name).toEqual([2, 3]);
      } else {
        const model = namedModel(name, table, { classes: 3 });
        const { params, state } = model.init(new Random(0));
        const x = {
          numeric: tensor(new Float32Array(12), { shape: [2, 6] }),
          categorical: tensor(new Int32Array(6), { shape: [2, 3] }),
        };
        expect(model.apply(params, state, x, { train: false }).logits.shape, name).toEqual([2, 3]);
      }
    }
  });

  test('options reach the model', () => {
    const wide = namedModel('resnet-20', images, { classes: 10, channels: [2, 4, 8] });
    expect(parameterCount(wide)).toBeLessThan(6_000);
    expect(namedModel('mlp', table, { classes: 2, hidden: [5] }).name).toBe('mlp-5-2');
  });

  test.each([
    ['resnet-34', images, {}, 'model: there is no "resnet-34"; choose one of small-cnn, resnet-20'],
    ['constructor', images, {}, 'model: there is no "constructor"'],
    ['resnet-32', table, {}, 'model: resnet-32 reads images, not tables; choose one of mlp'],
    ['mlp', images, {}, 'model: mlp reads tables, not images; choose one of small-cnn, resnet-20, resnet-32'],
    ['mlp', table, { channels: [1] }, 'model: mlp has no option channels; it has hidden, embedding'],
    ['small-cnn', images, { channels: [0] }, 'smallCnn: channels takes whole numbers from 1'],
  ] as [string, ModelInput, object, string][])('refuses %s', (name, input, options, message) => {
    const make = () => namedModel(name, input, { classes: 2, ...options });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});
