import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { Interrupt } from '../../src/cli/interrupt.js';
import { runCli } from '../../src/cli/program.js';
import { Random } from '../../src/data/random.js';

export const SIDE = 8;
export const CLASSES = 3;
const TRAIN = 30;
const TEST = 20;

/** An IDX file of bytes. */
export function idx(shape: readonly number[], payload: Uint8Array, code = 0x08): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + payload.length);
  bytes.set([0, 0, code, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(payload, 4 + 4 * shape.length);
  return bytes;
}

/** Noise with a bright column block that tells the class. */
function samples(perClass: number, seed: number): { images: Uint8Array; labels: Uint8Array } {
  const random = new Random(seed, 'tiny');
  const labels = Uint8Array.from({ length: perClass * CLASSES }, (_, i) => i % CLASSES);
  const images = Uint8Array.from({ length: labels.length * SIDE * SIDE }, (_, i) => {
    const bright = Math.floor((i % SIDE) / 3) === labels[Math.floor(i / SIDE ** 2)] ? 50 : 0;
    return 70 + bright + random.integer(121);
  });
  return { images, labels };
}

/** Writes the four files of a data set on which a whole run takes seconds; the test set compressed, as Debian's are. */
export async function writeTinyData(folder: string, seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [train, test] = [samples(TRAIN, seed), samples(TEST, seed + 1000)];
  const images = (bytes: Uint8Array): Uint8Array => idx([bytes.length / SIDE ** 2, SIDE, SIDE], bytes);
  await writeFile(join(folder, 'train-images-idx3-ubyte'), images(train.images));
  await writeFile(join(folder, 'train-labels-idx1-ubyte'), idx([train.labels.length], train.labels));
  await writeFile(join(folder, 't10k-images-idx3-ubyte.gz'), gzipSync(images(test.images)));
  await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), gzipSync(idx([test.labels.length], test.labels)));
}

export const tinySettings = {
  model: { channels: [3] },
  longTail: { n0: 30, imbalance: 6 },
  training: { epochs: 3, batchSize: 12, warmupEpochs: 1 },
  search: {
    warmupEpochs: 1,
    interval: 2,
    innerBatches: 1,
    outerBatches: 1,
    method: { iterations: 2, lanczosSteps: 3 },
  },
  searchEpochs: 3,
  validationFraction: 0.3,
};

/** A folder with the tiny data and settings, thrown away at the end. */
export interface Workplace {
  readonly folder: string;
  readonly data: string;
  readonly config: string;
  readonly runs: string;
  /** What every training command needs here. */
  readonly options: readonly string[];
  /** A file of the folder, written with this content. */
  file(name: string, content: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

export async function makeWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'autobalance-cli-'));
  const [data, config, runs] = ['data', 'tiny.yaml', 'runs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeTinyData(data);
  await writeFile(config, stringify(tinySettings));
  return {
    folder,
    data,
    config,
    runs,
    options: ['--data-dir', data, '--config', config, '--runs', runs],
    async file(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Interrupts after a number of steps, as if Ctrl-C had come then. */
export class InterruptAfter extends Interrupt {
  #steps: number;
  constructor(steps: number) {
    super();
    this.#steps = steps;
  }
  override get requested() {
    if (this.#steps-- <= 0) this.request('SIGINT');
    return super.requested;
  }
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program in this process. @param onErr hears standard error as it comes */
export async function cli(
  args: readonly string[],
  interrupt = new Interrupt(),
  columns?: number,
  onErr?: (text: string) => void,
): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await runCli({
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
      onErr?.(text);
    },
    columns,
    interrupt,
    invocation: 'autobalance',
    args,
  });
  return { code, out, err };
}

/** The one JSON object that standard output must be. */
export function jsonOf(out: string): Record<string, unknown> {
  if (out.trimEnd().includes('\n')) throw new Error(`more than one line on standard output: ${out}`);
  return JSON.parse(out) as Record<string, unknown>;
}
