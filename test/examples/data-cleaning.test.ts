import {
  compile,
  conjugateGradient,
  grad,
  hypergradient,
  type ImageDataset,
  imageDataset,
  implicit,
  loadIdxDataset,
  locateMnist,
  mapTrees,
  mul,
  Random,
  sigmoid,
  sub,
  tensor,
  type Value,
} from 'autobalance';
import { describe, expect, test } from 'vitest';
import { clean, type Round } from '../../examples/data-cleaning/clean.js';
import {
  cleaningProblem,
  initLayers,
  type Layers,
  weightedLoss,
  withDecay,
} from '../../examples/data-cleaning/problem.js';
import { drawSamples, type Labelled } from '../../examples/data-cleaning/samples.js';
import { networks, QUICK } from '../../examples/data-cleaning/settings.js';

describe('drawSamples', () => {
  /** Images that say which sample they are and what they show. */
  function labelledImages(count: number): ImageDataset {
    const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
    const images = Uint8Array.from(Array.from(labels).flatMap((label, i) => [label, i % 256, Math.floor(i / 256), 0]));
    return imageDataset({ name: 'told', images, labels, imageShape: [2, 2, 1], classes: 10 });
  }
  const data = { train: labelledImages(2000), test: labelledImages(100) };
  const samples = drawSamples(data, { count: 800, tests: 50, seed: 3 });
  const rows = ({ x }: Labelled): number[][] => {
    const pixels = Array.from(x.data(), (value) => Math.round(value * 255));
    return Array.from({ length: x.shape[0]! }, (_, i) => pixels.slice(4 * i, 4 * i + 4));
  };

  test('exactly half of the training labels are wrong, the others and all of validation and test right', () => {
    const right = rows(samples.train).map(([label], i) => label === samples.train.y.data()[i]);
    expect(right).toEqual(samples.corrupted.map((wrong) => !wrong));
    expect(right.filter(Boolean)).toHaveLength(400);
    for (const part of [samples.validation, samples.test]) {
      expect(rows(part).map(([label]) => label)).toEqual(Array.from(part.y.data()));
    }
  });

  test('a wrong label is any of the nine others, equally likely', () => {
    const counts = new Array<number>(10).fill(0);
    rows(samples.train).forEach(([label], i) => {
      counts[(samples.train.y.data()[i]! - label! + 10) % 10]! += 1;
    });
    expect(counts[0]).toBe(400);
    const expected = 400 / 9;
    const chiSquared = counts.slice(1).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 0.999 quantile with 8 degrees of freedom.
    expect(chiSquared).toBeLessThan(26.1);
  });

  test('no image is in training and validation', () => {
    const all = [samples.train, samples.validation].flatMap((part) => rows(part).map((row) => row.join()));
    expect(new Set(all).size).toBe(1600);
  });

  test('the same seed draws the same, another seed something else', () => {
    const again = drawSamples(data, { count: 800, tests: 50, seed: 3 });
    expect([again.train.y.data(), again.corrupted]).toEqual([samples.train.y.data(), samples.corrupted]);
    expect(drawSamples(data, { count: 800, tests: 50, seed: 4 }).corrupted).not.toEqual(samples.corrupted);
  });
});

// Of the linear network: the minima of a small one with ReLU lie on its kinks, where there is no second derivative to speak of.
describe('the hypergradient of single weights', () => {
  const random = new Random(11);
  const f64 = { dtype: 'f64' } as const;
  const samplesOf = (count: number): Labelled => ({
    x: tensor(
      Array.from({ length: count }, () => Array.from({ length: 5 }, () => random.normal())),
      f64,
    ),
    y: tensor(Int32Array.from({ length: count }, () => random.integer(3))),
  });
  const [noisy, validation] = [samplesOf(14), samplesOf(10)];
  const weightDecay = 0.03;
  const problem = cleaningProblem(weightDecay);
  const lambda = Array.from({ length: 14 }, () => random.normal());
  const start = initLayers([5, 3], random, 'f64');
  const gradient = compile((layers: Layers, l: Value) =>
    withDecay(grad(weightedLoss)(layers, sigmoid(l), noisy), layers, weightDecay),
  );
  const descend = compile((layers: Layers, l: Value) => {
    let now = layers;
    for (let i = 0; i < 20; i++) now = mapTrees((w, g) => sub(w, mul(g, 0.3)), now, gradient(now, l));
    return now;
  });
  const solved = (l: readonly number[], from = start): Layers => {
    let layers = from;
    for (let i = 0; i < 300; i++) layers = descend(layers, tensor(l, f64));
    return layers;
  };

  test('agrees with differences of inner problems solved again', async () => {
    const params = solved(lambda);
    const { gradient: found, status } = await hypergradient(problem, {
      params,
      hyper: tensor(lambda, f64),
      batches: { inner: [noisy], outer: [validation] },
      method: implicit({ solver: conjugateGradient({ iterations: 200, tolerance: 1e-13 }), damping: 0 }),
    });
    expect(status).toBe('converged');
    const size = Math.max(...found.data().map(Math.abs));
    for (const i of [0, 5, 13]) {
      const outer = (shift: number): number => {
        const moved = lambda.map((value, j) => (j === i ? value + shift : value));
        return problem.outer(solved(moved, params), tensor(moved, f64), validation).item();
      };
      const difference = (outer(1e-3) - outer(-1e-3)) / 2e-3;
      expect(Math.abs(found.data()[i]! - difference)).toBeLessThan(1e-6 * size);
    }
  });
});

test('the quick form tells clean from corrupted labels, and training with the weights beats training on all', async () => {
  const mnist = await loadIdxDataset(locateMnist(), { name: 'MNIST' });
  const rounds: Round[] = [];
  const { auc, accuracy } = await clean(drawSamples(mnist, { ...QUICK, seed: 0 }), networks.linear!, 0, (round) =>
    rounds.push(round),
  );
  expect(rounds).toHaveLength(networks.linear!.rounds);
  expect(rounds.map(({ result }) => result.status)).not.toContain('diverged');
  // Weights that know nothing have an AUC of 0.5 ± √((n + 1) / 12(n/2)²) = 0.024 for n = 600; this is twelve deviations above.
  expect(auc).toBeGreaterThan(0.79);
  // Three deviations of the difference of two shares near 0.7, of 2,000 test images, are 4.3 points.
  expect(accuracy.learned - accuracy.all).toBeGreaterThan(4.3);
});
