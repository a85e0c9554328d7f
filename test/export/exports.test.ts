// What the exports gave in the programs they are for is in results.json (npm run test:exports -- --write); here it is held against ours, and the
// exported files against those that were run.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLearnedLoss } from '../../src/cli/learned-loss.js';
import { type ExportTarget, exporters, type LearnedLoss } from '../../src/export/index.js';
import { mul, parametricCrossEntropy, tensor, type Value, valueAndGrad } from '../../src/index.js';
import cases from './cases.json' with { type: 'json' };
import results from './results.json' with { type: 'json' };

interface Case {
  readonly loss: object;
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly groups?: readonly number[];
}
interface Result {
  readonly sha256: string;
  readonly engine: string;
  readonly loss: number;
  readonly gradient: readonly number[];
}

const all = Object.entries(cases as Record<string, Case>);
const provenance = { source: 'loss.json', version: '0.0.0' };
const lossOf = (name: string, { loss }: Case): LearnedLoss => parseLearnedLoss(JSON.stringify(loss), `${name}.json`);

/** Ours in f64: each group's samples with its column. */
function ours({ logits, labels, groups }: Case, loss: LearnedLoss): { loss: number; gradient: number[] } {
  const classes = loss.classCounts.length;
  const result = { loss: 0, gradient: new Array<number>(logits.length).fill(0) };
  const column = (table: LearnedLoss['delta'], g: number): Value =>
    tensor(
      table.map((row) => row[g]!),
      { dtype: 'f64' },
    );
  for (let g = 0; g < (loss.groups?.length ?? 1); g++) {
    const own = labels.flatMap((_, i) => ((groups?.[i] ?? 0) === g ? [i] : []));
    if (own.length === 0) continue;
    const rows = own.flatMap((i) => logits.slice(i * classes, (i + 1) * classes));
    const numbers = { delta: column(loss.delta, g), iota: column(loss.iota, g), weight: column(loss.weight, g) };
    const y = tensor(
      own.map((i) => labels[i]!),
      { dtype: 'i32' },
    );
    const { value, grad } = valueAndGrad((f: Value) =>
      mul(parametricCrossEntropy(f, y, numbers), own.length / labels.length),
    )(tensor(rows, { shape: [own.length, classes], dtype: 'f64' }));
    result.loss += value.item();
    own.forEach((i, n) => {
      for (let k = 0; k < classes; k++) result.gradient[i * classes + k] = grad.data()[n * classes + k]!;
    });
  }
  return result;
}

const TOLERANCE = 1e-6;
function expectSame(got: { loss: number; gradient: ArrayLike<number> }, wanted: ReturnType<typeof ours>): void {
  expect(Math.abs(got.loss - wanted.loss)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(wanted.loss)));
  expect(got.gradient).toHaveLength(wanted.gradient.length);
  wanted.gradient.forEach((value, i) => {
    expect(Math.abs(got.gradient[i]! - value)).toBeLessThanOrEqual(TOLERANCE);
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(all)('%s', (name, problem) => {
  const loss = lossOf(name, problem);
  const wanted = ours(problem, loss);

  test.each(Object.keys(exporters) as ExportTarget[])('%s: the file that was run, and what it gave', (target) => {
    const { sha256, ...got } = (results as Record<string, Result>)[`${name}, ${target}`]!;
    expect(createHash('sha256').update(exporters[target](loss, provenance)).digest('hex')).toBe(sha256);
    expectSame(got, wanted);
  });

  test('TypeScript, run here', async () => {
    const path = join(folder, `${all.findIndex(([other]) => other === name)}.ts`);
    await writeFile(path, exporters.typescript(loss, provenance));
    const { autobalanceLoss } = (await import(path)) as {
      autobalanceLoss: (...inputs: ArrayLike<number>[]) => { loss: number; gradient: Float64Array };
    };
    const { logits, labels, groups } = problem;
    expectSame(autobalanceLoss(logits, labels, ...(groups ? [groups] : [])), wanted);
    expect(() => autobalanceLoss(logits, [...labels, 0], ...(groups ? [groups] : []))).toThrow(/logits/);
    expect(() => autobalanceLoss(logits, [...labels.slice(1), 99], ...(groups ? [groups] : []))).toThrow(/label 99/);
    expect(() => autobalanceLoss([], [], [])).toThrow(RangeError);
  });
});

test.each(['pytorch', 'jax', 'typescript'] as const)('%s reads well, whatever groups are called', async (target) => {
  const [name, problem] = all.find(([, { groups }]) => groups)!;
  const source = exporters[target](lossOf(name, problem), provenance);
  await expect(source).toMatchFileSnapshot(`golden/${target}.txt`);
  // A group is called wo"men⏎*/ and another m\en ' é.
  expect(source).toContain('groups: wo men /, m en   é.');
});

test('ONNX has no fixed batch axis', () => {
  const model = Buffer.from(exporters.onnx(lossOf(...all[0]!), provenance));
  // The axis is called N in both inputs and in the gradient.
  expect(model.toString('latin1').split('\x0a\x03\x12\x01N').length - 1).toBe(3);
});

test('the committed results are of real programs, and say what stood in for JAX', () => {
  const engines = Object.entries(results as Record<string, Result>).map(([title, { engine }]) => [
    title.split(', ').at(-1),
    engine.replace(/ \d\S*$/, ''),
  ]);
  expect(new Set(engines.map((pair) => pair.join(': ')))).toEqual(
    new Set(['pytorch: PyTorch', "jax: NumPy in JAX's place", 'typescript: TypeScript', 'onnx: ONNX Runtime']),
  );
});
