import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  classifierOf,
  cosineClassifier,
  dense,
  grad,
  type Model,
  namedArrays,
  Random,
  resNet,
  retrainedHead,
  smallCnn,
  sum,
  tensor,
  type Value,
} from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

const random = new Random(3);
const images = (side: number): Value =>
  tensor(
    Array.from({ length: 2 * side * side }, () => random.normal()),
    { shape: [2, side, side, 1] },
  );
const cnn = smallCnn({ classes: 3, imageShape: [8, 8, 1], channels: [4] });
const resnet = resNet({ depth: 8, classes: 3, imageShape: [8, 8, 1], channels: [2, 3, 4] });

describe.each([
  ['small CNN', cnn],
  ['ResNet', resnet],
] as const)('%s', (_, model) => {
  const network = model as Model<{ head: unknown }, unknown>;
  const { params, state } = network.init(new Random(1));
  const x = images(8);

  test.each([true, false])('logits are features · weight + bias, state included (train: %s)', (train) => {
    const { features, head } = classifierOf(network, 'test');
    const below = features(params, state, x, { train });
    const whole = network.apply(params, state, x, { train });
    expect(dense(below.features, head(params)).data()).toEqual(whole.logits.data());
    expect(namedArrays(below.state)).toEqual(namedArrays(whole.state));
  });

  test('another head takes the place of its own', () => {
    const { head, withHead } = classifierOf(network, 'test');
    const { weight } = head(params);
    const other = { weight, bias: tensor([1, 2, 3]) };
    expect(head(withHead(params, other))).toBe(other);
    const [before, after] = [params, withHead(params, other)].map(
      (own) => network.apply(own, state, x, { train: false }).logits,
    );
    expectClose(
      after!.data(),
      Array.from(before!.data(), (logit, i) => logit + (i % 3) + 1),
      { absolute: 1e-6 },
    );
  });
});

describe('cosine classifier', () => {
  /** Passes its inputs on as features. */
  const bare: Model<{ weight: Value; bias: Value }, Record<string, never>> = {
    name: 'bare',
    classes: 4,
    init: () => ({ params: { weight: tensor(0), bias: tensor(0) }, state: {} }),
    apply: (params, state, x) => ({ logits: dense(x, params), state }),
    classifier: {
      features: (_, state, x) => ({ features: x, state }),
      head: (params) => params,
      withHead: (_, head) => head,
    },
  };
  const { cosine } = readFixture<{ cosine: Record<'features' | 'weight' | 'logits', StoredArray> }>('training-losses');
  const params = { weight: stored(cosine.weight), bias: tensor([5, 5, 5, 5], { dtype: 'f64' }) };
  const logits = (x: Value): Value => cosineClassifier(bare, 30).apply(params, {}, x, { train: true }).logits;

  test('agrees with PyTorch, and does not see the bias', () => {
    expectClose(logits(stored(cosine.features)).data(), cosine.logits.values, { relative: 1e-9, absolute: 1e-9 });
  });

  test('features of zeros have logits 0 and finite derivatives', () => {
    const nothing = tensor(new Float64Array(5), { shape: [1, 5] });
    expect([...logits(nothing).data()].every((x) => x === 0)).toBe(true);
    expect(
      grad((x: Value) => sum(logits(x)))(nothing)
        .data()
        .every(Number.isFinite),
    ).toBe(true);
  });
});

describe('a retrained head', () => {
  const trained = cnn.init(new Random(2));
  const head = { init: (own: unknown) => own, head: (own: unknown) => own } as never;

  test('at its start it is the trained network with running statistics, and only the head is trained', () => {
    const model = retrainedHead(cnn, trained, head);
    const { params, state } = model.init(new Random(1));
    const x = images(8);
    const own = model.apply(params, state, x, { train: true }).logits;
    expect(own.data()).toEqual(cnn.apply(trained.params, trained.state, x, { train: false }).logits.data());
    expect(params).toBe(trained.params.head);
    expect(state).toEqual({});
  });

  test('a model that does not say of its last layer is refused', () => {
    const { classifier: _, ...headless } = cnn;
    expect(() => retrainedHead(headless, trained, head)).toThrow(ConfigError);
    expect(() => cosineClassifier(headless, 1)).toThrow(
      /cosine classifier: needs a network that ends in a dense layer/,
    );
  });
});
