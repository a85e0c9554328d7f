import { describe, expect, test } from 'vitest';
import {
  classMethods,
  Experiment,
  type ExperimentEvent,
  type ExperimentSettings,
  type MethodName,
  type MethodResult,
  mul,
  type NamedArray,
  smallCnn,
  stagesOfAll,
  tensor,
} from '../../src/index.js';
import { CLASSES, experimentSettings, SIDE, throughFile, toyDataset } from './toy.js';

const data = { train: toyDataset(40, 11, 30), test: toyDataset(30, 12, 30) };
const cnn = smallCnn({ classes: CLASSES, imageShape: [SIDE, SIDE, 1], channels: [3] });
const experiment = (methods: readonly MethodName[], settings: Partial<ExperimentSettings> = {}) =>
  new Experiment(cnn, data, stagesOfAll(methods), { ...experimentSettings, ...settings });
type Toy = ReturnType<typeof experiment>;

async function finish(run: Toy): Promise<ExperimentEvent[]> {
  const events: ExperimentEvent[] = [];
  while (!run.done) events.push(await run.step());
  return events;
}
const timeless = ({ seconds: _, ...errors }: MethodResult) => errors;
const array = (run: Toy, name: string): NamedArray => run.weights[name]!;

const baselines = classMethods.filter((name) => name !== 'autobalance');
const whole = experiment(baselines);
const events = finish(whole);

describe('every baseline that needs only class counts', () => {
  test('is trained and judged', async () => {
    await events;
    expect([...whole.results.keys()]).toEqual(baselines);
    for (const { balancedError, seconds } of whole.results.values()) {
      expect(balancedError).toBeGreaterThanOrEqual(0);
      expect(balancedError).toBeLessThan(80);
      expect(seconds).toBeGreaterThan(0);
    }
    const heads = whole.stages.map(({ method, kind }) =>
      ['weight', 'bias'].map((part) => array(whole, `${method}.${kind}.params.head.${part}`).data.join()).join(),
    );
    expect(new Set(heads).size).toBe(baselines.length);
  });

  test('its network comes back from the weights, with the error that was reported', async () => {
    await events;
    for (const { method, kind } of whole.stages) {
      const network = whole.modelFrom(whole.weights, 'run', `${method}.${kind}`);
      expect(await whole.evaluate(network, method)).toEqual(timeless(whole.results.get(method)!));
    }
  });

  test('LDAM’s network is judged with its cosine classifier', async () => {
    await events;
    const { params, state } = whole.modelFrom(whole.weights, 'run', 'ldam.train');
    const { weight, bias } = params.head;
    // It sees directions alone.
    const stretched = { params: { ...params, head: { weight: mul(weight, tensor([1, 0.01, 50])), bias } }, state };
    const own = timeless(whole.results.get('ldam')!);
    expect(await whole.evaluate(stretched, 'ldam')).toEqual(own);
    expect(await whole.evaluate(stretched, 'cross-entropy')).not.toEqual(own);
  });

  test('methods that only change the last layer leave the body of cross-entropy’s network alone', async () => {
    await events;
    const body = (method: string): [string, NamedArray][] =>
      Object.entries(whole.weights)
        .filter(([name]) => name.startsWith(`${method}.`) && !name.includes('.head.'))
        .map(([name, value]) => [name.slice(method.length), value]);
    for (const [method, kind] of [
      ['post-hoc-logit-adjustment', 'adjust'],
      ['tau-norm', 'adjust'],
      ['crt', 'classifier'],
      ['lws', 'classifier'],
    ]) {
      expect(body(`${method}.${kind}`)).toEqual(body('cross-entropy.train'));
      const bias = `${method}.${kind}.params.head.bias`;
      expect(array(whole, bias).data).not.toEqual(array(whole, 'cross-entropy.train.params.head.bias').data);
    }
  });

  test('post-hoc logit adjustment is a shift of the bias by −log π', async () => {
    await events;
    const total = whole.counts.reduce((sum, n) => sum + n, 0);
    const before = array(whole, 'cross-entropy.train.params.head.bias').data;
    const after = array(whole, 'post-hoc-logit-adjustment.adjust.params.head.bias').data;
    whole.counts.forEach((n, k) => {
      expect(after[k]! - before[k]!).toBeCloseTo(-Math.log(n / total), 5);
    });
  });

  test('LWS scales the classes’ weights, cRT has new ones', async () => {
    await events;
    const weights = (name: string): number[] => Array.from(array(whole, `${name}.params.head.weight`).data);
    const [trained, scaled, fresh] = ['cross-entropy.train', 'lws.classifier', 'crt.classifier'].map(weights);
    const ratio = (of: readonly number[], k: number): Set<string> =>
      new Set(of.flatMap((w, i) => (i % CLASSES === k ? [(w / trained![i]!).toFixed(3)] : [])));
    expect([0, 1, 2].map((k) => ratio(scaled!, k).size)).toEqual([1, 1, 1]);
    expect(ratio(fresh!, 0).size).toBeGreaterThan(10);
  });

  test('cRT and LWS train for their share of the epochs', async () => {
    const list = await events;
    const steps = (method: string): number => list.filter(({ stage }) => stage.method === method).length;
    expect(steps('crt')).toBe(steps('cross-entropy') / 3);
    expect(steps('tau-norm')).toBe(1);
    const longer = experiment(['crt'], { baselines: { crt: { share: 2 / 3 } } });
    expect((await finish(longer)).filter(({ stage }) => stage.method === 'crt')).toHaveLength(2 * steps('crt'));
  });

  test('settings that do not fit come to light before anything is trained', () => {
    expect(() => experiment(['focal'], { baselines: { focal: { gamma: -1 } } })).toThrow(/gamma must not be negative/);
    expect(() => experiment(['group-dro'])).toThrow(/needs data with groups/);
    const search = { ...experimentSettings.search, objective: 'deo' as const };
    expect(() => experiment(['cross-entropy', 'autobalance'], { search })).toThrow(/compares groups/);
    const start = { delta: [1], iota: [0], weight: [1] };
    expect(() => experiment(['autobalance'], { start })).toThrow(/delta must have a number for each of the 3 classes/);
  });
});

describe('saved and restored', () => {
  const methods: MethodName[] = ['ldam-drw', 'tau-norm', 'crt', 'lws'];

  test.each([3, 8, 9, 10, 13, 16])('after %d steps it ends bit-identically', async (steps) => {
    const first = experiment(methods);
    for (let i = 0; i < steps; i++) await first.step();
    const kept = first.snapshot();
    const rest = await finish(first);
    const resumed = experiment(methods);
    resumed.restore(throughFile(kept));
    const strip = (list: readonly ExperimentEvent[]) =>
      list.map(({ result, ...event }) => ({ ...event, result: result && timeless(result) }));
    expect(strip(await finish(resumed))).toEqual(strip(rest));
    expect(resumed.weights).toEqual(first.weights);
  });
});
