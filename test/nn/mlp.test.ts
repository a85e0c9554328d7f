import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  compile,
  crossEntropy,
  grad,
  hvp,
  type MlpParams,
  mlp,
  namedArrays,
  parameterCount,
  Random,
  ShapeError,
  tensor,
  type Value,
} from '../../src/index.js';
import { expectClose } from '../support/compare.js';

const options = { classes: 2, numeric: 2, categories: [3, 9], hidden: [4] };
const model = mlp(options);

const random = new Random(4);
const numbers = (shape: readonly number[]): Value => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: size }, () => random.normal()),
    { shape },
  );
};
const categories = (rows: readonly (readonly number[])[], columns = rows[0]!.length): Value =>
  tensor(Int32Array.from(rows.flat()), { shape: [rows.length, columns] });

describe('mlp', () => {
  test('embeds in ⌈√categories⌉ dimensions, at most 16', () => {
    const { params } = mlp({ classes: 2, numeric: 0, categories: [1, 2, 4, 5, 100, 1000] }).init(new Random(0));
    expect(params.embeddings.map(({ shape }) => shape[1])).toEqual([1, 2, 2, 3, 10, 16]);
  });

  test('counts its parameters', () => {
    // Embeddings 3·2 + 9·3, then (2 + 2 + 3)·4 + 4 and 4·2 + 2.
    expect(parameterCount(model)).toBe(6 + 27 + 32 + 10);
    expect(model.name).toBe('mlp-4-2');
  });

  test('is what its formula says, by hand', () => {
    const params: MlpParams = {
      embeddings: [tensor([[1], [-2]])],
      hidden: [
        {
          weight: tensor([
            [1, -1],
            [3, 2],
          ]),
          bias: tensor([0.5, 0]),
        },
      ],
      head: {
        weight: tensor([
          [1, 0],
          [0, 1],
        ]),
        bias: tensor([0, 10]),
      },
    };
    const tiny = mlp({ classes: 2, numeric: 1, categories: [2], hidden: [2], embedding: 1 });
    const x = { numeric: tensor([[2], [2]]), categorical: categories([[0], [1]]) };
    // Row 0: [2, 1] → relu [5.5, 0] → [5.5, 10]. Row 1: [2, −2] → relu [−3.5, −6] = 0 → [0, 10].
    expect(Array.from(tiny.apply(params, {}, x, { train: false }).logits.data())).toEqual([5.5, 10, 0, 10]);
  });

  test('a category that is none counts as zeros, and trains nothing', () => {
    const { params, state } = model.init(new Random(1), 'f64');
    const numeric = numbers([3, 2]);
    const y = tensor([0, 1, 1], { dtype: 'i32' });
    const loss = (p: MlpParams, categorical: Value): Value =>
      crossEntropy(model.apply(p, state, { numeric, categorical }, { train: true }).logits, y);
    const missing = categories([
      [-1, 9],
      [3, -1],
      [-1, -1],
    ]);
    const zeroed = {
      ...params,
      embeddings: params.embeddings.map(({ shape }) => tensor(new Float64Array(shape[0]! * shape[1]!), { shape })),
    };
    expect(loss(params, missing).item()).toBe(
      loss(
        zeroed,
        categories([
          [0, 0],
          [1, 1],
          [2, 2],
        ]),
      ).item(),
    );
    const { embeddings } = grad((p: MlpParams) => loss(p, missing))(params);
    for (const table of embeddings) expect(table.data().every((value) => value === 0)).toBe(true);
  });

  test('every parameter has a gradient, second derivatives are symmetric', () => {
    const { params, state } = model.init(new Random(1), 'f64');
    const x = {
      numeric: numbers([9, 2]),
      categorical: categories(Array.from({ length: 9 }, (_, i) => [i % 3, i])),
    };
    const y = tensor([0, 1, 1, 0, 1, 0, 0, 1, 1], { dtype: 'i32' });
    const loss = (p: MlpParams): Value => crossEntropy(model.apply(p, state, x, { train: true }).logits, y);
    const gradient = namedArrays(compile(grad(loss))(params));
    for (const [name, { shape }] of Object.entries(namedArrays(params))) {
      expect(gradient[name]!.shape).toEqual(shape);
      expect(
        gradient[name]!.data.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
    const direction = (seed: number): MlpParams => model.init(new Random(seed), 'f64').params;
    const inner = (a: MlpParams, b: MlpParams): number => {
      const other = namedArrays(b);
      return Object.entries(namedArrays(a)).reduce(
        (total, [name, { data }]) =>
          total + Array.from(data).reduce((sum, value, i) => sum + value * other[name]!.data[i]!, 0),
        0,
      );
    };
    const [u, v] = [direction(5), direction(6)];
    expectClose([inner(u, hvp(loss, params, v))], [inner(v, hvp(loss, params, u))], { relative: 1e-10 });
  });

  test('takes tables of numbers alone and of categories alone, and no hidden layer', () => {
    const none = tensor(new Int32Array(0), { shape: [5, 0] });
    const plain = mlp({ classes: 3, numeric: 2, categories: [], hidden: [] });
    const first = plain.init(new Random(0), 'f64');
    const logits = plain.apply(
      first.params,
      first.state,
      { numeric: numbers([5, 2]), categorical: none },
      { train: false },
    );
    expect(logits.logits.shape).toEqual([5, 3]);
    const words = mlp({ classes: 3, numeric: 0, categories: [4] });
    const second = words.init(new Random(0));
    const x = { numeric: tensor(new Float32Array(0), { shape: [2, 0] }), categorical: categories([[3], [0]]) };
    expect(words.apply(second.params, second.state, x, { train: false }).logits.shape).toEqual([2, 3]);
  });

  test('refuses tables of other columns', () => {
    const { params, state } = model.init(new Random(0), 'f64');
    const apply = (numeric: Value, categorical: Value) => () =>
      model.apply(params, state, { numeric, categorical }, { train: false });
    expect(
      apply(
        numbers([2, 3]),
        categories([
          [0, 0],
          [1, 1],
        ]),
      ),
    ).toThrow('mlp: numeric must be [N, 2], got [2, 3]');
    expect(apply(numbers([2, 2]), categories([[0], [1]]))).toThrow('mlp: categorical must be [N, 2], got [2, 1]');
    expect(
      apply(
        numbers([3, 2]),
        categories([
          [0, 0],
          [1, 1],
        ]),
      ),
    ).toThrow(ShapeError);
  });

  test('refuses options that cannot be', () => {
    expect(() => mlp({ ...options, numeric: 0, categories: [] })).toThrow('mlp: needs at least one column, got none');
    expect(() => mlp({ ...options, numeric: -1 })).toThrow(ConfigError);
    expect(() => mlp({ ...options, categories: [3, 0] })).toThrow(ConfigError);
    expect(() => mlp({ ...options, hidden: [1.5] })).toThrow(ConfigError);
    expect(() => mlp({ ...options, embedding: [2] })).toThrow(
      'mlp: embedding takes one number, or one for each of the 2 categorical columns, got [2]',
    );
    expect(() => mlp({ ...options, classes: Number.NaN })).toThrow(ConfigError);
  });
});
