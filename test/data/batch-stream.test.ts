import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch, ImageDataset, ImageFileDataset } from '../../src/index.js';
import { type Built, build } from '../support/built.js';

const SAMPLES = 30;
const SIDE = 6;
let built: Built;
let folder: string;
let files: ImageFileDataset;
let memory: ImageDataset;

const picture = (n: number): Uint8Array => Uint8Array.from({ length: 3 * 9 * 7 }, (_, i) => (i * (n + 3) * 7) % 256);

async function writePictures(to: string, count: number): Promise<void> {
  await mkdir(join(to, 'train'), { recursive: true });
  const lines: string[] = [];
  for (let n = 0; n < count; n++) {
    const png = new PNG({ width: 9, height: 7 });
    picture(n).forEach((value, i) => {
      png.data[4 * Math.floor(i / 3) + (i % 3)] = value;
      png.data[4 * Math.floor(i / 3) + 3] = 255;
    });
    await writeFile(join(to, 'train', `${n}.png`), PNG.sync.write(png));
    lines.push(`train/${n}.png ${n % 3}`);
  }
  for (const part of ['train', 'test']) await writeFile(join(to, `${part}.txt`), `${lines.join('\n')}\n`);
}

beforeAll(async () => {
  built = await build();
  folder = await mkdtemp(join(tmpdir(), 'autobalance-stream-'));
  await writePictures(folder, SAMPLES);
  const { loadImageLists, imageDataset } = built.library;
  files = (await loadImageLists(folder, { name: 'pictures', side: SIDE, resize: SIDE + 1 })).train;
  memory = imageDataset({
    name: 'memory',
    images: Uint8Array.from({ length: SAMPLES * SIDE * SIDE * 3 }, (_, i) => (i * 37) % 251),
    labels: files.labels,
    classes: 3,
    imageShape: [SIDE, SIDE, 3],
  });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const augmentation = {
  cropPadding: 2,
  flip: true,
  resizedCrop: { scale: [0.3, 1], ratio: [0.75, 1.33] },
} as const;

function streamOf(dataset: ImageDataset | ImageFileDataset, workers: number, ahead = 2 * workers, seed = 5) {
  const { BatchStream, measuredSource, Random, samplings } = built.library;
  const source = measuredSource(dataset, { augmentation, workers, seed })(dataset);
  const indices = dataset.labels.map((_, i) => i);
  const sampler = samplings['square-root']({ cells: dataset.labels, indices, batchSize: 4, random: new Random(seed) });
  return new BatchStream(source, sampler, { ahead });
}

const plain = ({ x, y, g }: Batch) => [x.shape, [...x.data()], [...y.data()], [...g.data()]];

async function take(stream: { next(): Promise<Batch> }, count: number): Promise<unknown[]> {
  const batches: unknown[] = [];
  for (let i = 0; i < count; i++) batches.push(plain(await stream.next()));
  return batches;
}

describe.each(['files', 'memory'] as const)('of images in %s', (kind) => {
  const dataset = (): ImageDataset | ImageFileDataset => (kind === 'files' ? files : memory);

  test('batches are the same bits for any number of threads', async () => {
    const alone = streamOf(dataset(), 0);
    const expected = await take(alone, 20);
    for (const workers of [1, 3]) {
      const stream = streamOf(dataset(), workers);
      expect(await take(stream, 20)).toEqual(expected);
      await stream.close();
    }
    expect(await take(streamOf(dataset(), 0, 0, 6), 20)).not.toEqual(expected);
  });

  test('a stream restored from its state goes on with the next batch', async () => {
    const expected = await take(streamOf(dataset(), 0), 20);
    for (const at of [0, 3, 7, 12]) {
      const stream = streamOf(dataset(), 2);
      await take(stream, at);
      const resumed = streamOf(dataset(), 1);
      resumed.restore(JSON.parse(JSON.stringify(stream.state())));
      expect(await take(resumed, 20 - at)).toEqual(expected.slice(at));
      // In place, too: what was prepared ahead is let go.
      stream.restore(resumed.state());
      const after = streamOf(dataset(), 0);
      after.restore(resumed.state());
      expect(await take(stream, 3)).toEqual(await take(after, 3));
      await Promise.all([stream.close(), resumed.close()]);
    }
  });
});

test('augmentation looks anew at a sample in every epoch, and not at all at a test sample', async () => {
  const { measuredSource } = built.library;
  const source = measuredSource(memory, { augmentation: { cropPadding: 2, flip: true }, seed: 1 })(memory);
  const of = async (visits?: Int32Array) => plain(await source.batch(Int32Array.of(3, 3), visits));
  const [x0, x1] = [await of(Int32Array.of(0, 1)), await of(Int32Array.of(1, 0))];
  const [, a] = x0 as [unknown, number[]];
  const [, b] = x1 as [unknown, number[]];
  expect(a.slice(0, a.length / 2)).toEqual(b.slice(b.length / 2));
  expect(a.slice(0, a.length / 2)).not.toEqual(a.slice(a.length / 2));
  const [, still] = (await of()) as [unknown, number[]];
  expect(still.slice(0, still.length / 2)).toEqual(still.slice(still.length / 2));
});

describe('what goes wrong', () => {
  let broken: ImageFileDataset;
  beforeAll(async () => {
    const place = join(folder, 'broken');
    await writePictures(place, 12);
    await writeFile(join(place, 'train', '5.png'), 'not an image');
    await rm(join(place, 'train', '7.png'));
    const { loadImageLists } = built.library;
    broken = (await loadImageLists(place, { name: 'broken', side: SIDE, resize: SIDE })).train;
  });

  test.each([0, 2])('arrives typed, saying where the file is listed, with %i threads', async (workers) => {
    const { DataError, FileError, measuredSource } = built.library;
    const source = measuredSource(broken, { workers })(broken);
    const bad = source.batch(Int32Array.of(1, 5));
    await expect(bad).rejects.toThrow(DataError);
    await expect(bad).rejects.toThrow(/train\.txt: line 6: .*5\.png: at byte 0: an image must be JPEG or PNG/);
    const missing = source.batch(Int32Array.of(7));
    await expect(missing).rejects.toThrow(FileError);
    await expect(missing).rejects.toThrow(/train\.txt: line 8: Cannot read .*7\.png: ENOENT/);
    // The threads are still there for others.
    await expect(source.batch(Int32Array.of(1, 2))).resolves.toMatchObject({ y: expect.anything() });
    await source.close();
  });

  test('does not end the process before it is asked for, and the stream goes on after it', async () => {
    const { BatchStream, BatchSampler, Random, DataError, FileError, measuredSource } = built.library;
    const source = measuredSource(broken, { workers: 2 })(broken);
    const indices = broken.labels.map((_, i) => i);
    const stream = new BatchStream(source, new BatchSampler(indices, 1, new Random(1)), { ahead: 6 });
    const outcomes: unknown[] = [];
    for (let i = 0; i < 12; i++) {
      outcomes.push(await stream.next().catch((error: Error) => error));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const errors = outcomes.filter((outcome) => outcome instanceof Error);
    expect(errors).toHaveLength(2);
    expect(
      errors.some((error) => error instanceof DataError) && errors.some((error) => error instanceof FileError),
    ).toBe(true);
    await stream.close();
  });

  test('a closed stream says so, also to whoever is waiting', async () => {
    const { WorkerError } = built.library;
    const stream = streamOf(files, 1, 4);
    const waiting = stream.next();
    const outcome = expect(waiting).rejects.toThrow(WorkerError);
    await Promise.all([stream.close(), stream.close()]);
    await outcome;
    await expect(stream.next()).rejects.toThrow(/has been closed/);
  });
});

describe('in a process of its own', () => {
  const script = (body: string): string => `
    import { BatchSampler, BatchStream, loadImageLists, measuredSource, Random } from ${JSON.stringify(built.main)};
    const { train } = await loadImageLists(${JSON.stringify(folder)}, { name: 'pictures', side: 6, resize: 7 });
    const source = measuredSource(train, { workers: 3 })(train);
    const stream = new BatchStream(source, new BatchSampler(train.labels.map((_, i) => i), 4, new Random(1)), { ahead: 6 });
    ${body}`;

  function run(body: string, onOut: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {}) {
    return new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script(body)]);
      let [out, err] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        onOut(out, (signal) => child.kill(signal));
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      child.on('close', (code, signal) => resolve({ code, signal, out, err }));
    });
  }

  test('idle threads do not keep it alive', async () => {
    expect(await run("await stream.next(); console.log('done');")).toEqual({
      code: 0,
      signal: null,
      out: 'done\n',
      err: '',
    });
  });

  test('closing ends the threads', async () => {
    const body = `
      for (let i = 0; i < 5; i++) await stream.next();
      // Idle by now, so that nothing but the closing itself keeps the process.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await stream.close();
      console.log(process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker').length);`;
    expect(await run(body)).toEqual({ code: 0, signal: null, out: '0\n', err: '' });
  });

  test('Ctrl-C ends it at once while batches are being prepared', async () => {
    const body = "console.log('on'); for (;;) await stream.next();";
    const { signal, err } = await run(body, (_, kill) => kill('SIGINT'));
    expect([signal, err]).toEqual(['SIGINT', '']);
  });

  test('memory stays where it is over hundreds of batches', async () => {
    const body = `
      const { setFlagsFromString } = await import('node:v8');
      const { runInNewContext } = await import('node:vm');
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      const used = () => {
        gc();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const wide = { ...train, imageShape: [64, 64, 3], resize: 64 };
      const large = measuredSource(wide, { workers: 2 })(wide);
      const batches = new BatchStream(large, new BatchSampler(train.labels.map((_, i) => i), 4, new Random(1)), { ahead: 4 });
      for (let i = 0; i < 50; i++) await batches.next();
      const before = used();
      for (let i = 0; i < 300; i++) await batches.next();
      console.log(used() - before);
      await batches.close();`;
    const { code, out, err } = await run(body);
    expect([code, err]).toEqual([0, '']);
    // A batch takes 4·64·64·3·4 bytes: the 300 would be 59 MB, the five that may be under way are 1 MB.
    expect(Number(out)).toBeLessThan(8e6);
  });
});
