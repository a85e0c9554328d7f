import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { evaluateOn } from '../../src/cli/evaluation-file.js';
import { groupNamed, imageDataset } from '../../src/data/index.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, tinySettings, type Workplace } from './tiny.js';

let work: Workplace;
beforeAll(async () => {
  work = await makeWorkplace();
});
afterAll(() => work.remove());

const data = { augmentation: { cropPadding: 1, flip: true }, sampling: 'square-root' };
const runWith = async (name: string, settings: object, ...more: string[]) => {
  const config = await work.file(`${name}.yaml`, stringify({ ...tinySettings, ...settings }));
  return [config, '--data-dir', work.data, '--runs', work.runs, '--methods', 'cross-entropy', '--json', ...more];
};
const run = async (name: string, settings: object, interrupt?: InterruptAfter) => {
  const [config, ...rest] = await runWith(name, settings);
  return cli(['run', 'mnist-lt', '--config', config!, ...rest], interrupt);
};
const weightsOf = (out: string): Promise<Buffer> =>
  readFile(join(jsonOf(out).runDirectory as string, 'weights.safetensors'));

describe('the section data of a configuration', () => {
  test('changes the run, which resumes to the same bits, and whose weights know how to be evaluated', async () => {
    const plain = await run('plain', {});
    const whole = await run('whole', { data });
    expect([plain.code, whole.code]).toEqual([0, 0]);
    expect(await weightsOf(whole.out)).not.toEqual(await weightsOf(plain.out));

    const cut = await run('cut', { data }, new InterruptAfter(7));
    expect(cut.code).toBe(130);
    const { runDirectory } = jsonOf(cut.out);
    const resumed = await cli(['run', '--resume', runDirectory as string, '--json']);
    expect(resumed.code).toBe(0);
    expect(await weightsOf(resumed.out)).toEqual(await weightsOf(whole.out));

    // The weights were normalised by channel, since images were augmented; no configuration is given here.
    const weights = join(jsonOf(whole.out).runDirectory as string, 'weights.safetensors');
    const evaluated = await cli(['evaluate', '--weights', weights, '--data-dir', work.data, '--json']);
    expect(evaluated.code).toBe(0);
    const errorOf = (json: Record<string, unknown>) =>
      (json.methods as Record<string, { balancedError: number }>)['cross-entropy']!.balancedError;
    expect(errorOf(jsonOf(evaluated.out))).toBe(errorOf(jsonOf(whole.out)));
  });

  test('longTail: null takes the data as it is', async () => {
    const { out } = await run('balanced', { longTail: null });
    expect(jsonOf(out)).toMatchObject({ classCounts: [30, 30, 30] });
  });

  test.each<[object, RegExp]>([
    [
      { sampling: 'balance' },
      /data.sampling must be one of instance, square-root, class-aware, balanced, got "balance"/,
    ],
    [
      { augmentation: { cropPadding: -1, flip: true } },
      /data.augmentation.cropPadding must be an integer of at least 0, got -1/,
    ],
    [{ augmentation: { cropPadding: 1 } }, /data.augmentation.flip must be true or false, got nothing/],
    [{ augmentation: { cropPadding: 1, flip: true, rotate: 5 } }, /unknown key "data.augmentation.rotate"/],
    [{ normalise: 'image' }, /data.normalise must be pixel, channel, or a section with mean and std/],
    [{ normalise: { mean: [0.5, 0.5], std: [1, 1] } }, /images of 1 channels need as many means and stds, got 2 and 2/],
    [{ group: 'sex' }, /there is no group column "sex"; it has none/],
    [{ workers: 1.5 }, /data.workers must be an integer of at least 0, got 1.5/],
    [{ worker: 1 }, /unknown key "data.worker"; did you mean "data.workers"/],
  ])('%j is refused', async (section, message) => {
    const { code, err } = await run('bad', { data: section });
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

test('evaluateOn judges groups where there are any', () => {
  const dataset = imageDataset({
    name: 'four',
    images: new Uint8Array(4),
    imageShape: [1, 1, 1],
    labels: Int32Array.of(0, 1, 0, 1),
    classes: 2,
    groups: [{ name: 'sex', names: ['f', 'm'], values: Int32Array.of(0, 0, 1, 1) }],
  });
  // Right, right, wrong, right.
  const logits = Float32Array.of(2, 0, 0, 2, 0, 2, 0, 2);
  const options = { counts: [3, 3], seed: 1 };
  const { groups } = evaluateOn({ dataset, group: groupNamed(dataset.groups, 'sex', 'four') }, logits, options);
  expect(groups!.groupError).toEqual([0, 50]);
  const alone = { name: 'all', names: ['all'], values: new Int32Array(4) };
  expect(evaluateOn({ dataset, group: alone }, logits, options).groups).toBeUndefined();
});
