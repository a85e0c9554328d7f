import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { cifar10 } from '../../src/data/formats/cifar.js';
import { build } from '../support/built.js';
import { cifarImages, writeFiles } from '../support/datasets.js';
import { type Control, dieAt, type Ending, node, operationsIn } from './processes.js';

/** ResNet-32 on CIFAR-10 records by the published recipe: search with J = 5, then retraining; small enough for seconds. */
const settings = {
  methods: ['autobalance'],
  model: { name: 'resnet-32', channels: [2, 2, 2] },
  longTail: { n0: 8, imbalance: 4 },
  training: { epochs: 3, batchSize: 8, warmupEpochs: 1 },
  search: {
    warmupEpochs: 1,
    interval: 2,
    innerBatches: 2,
    outerBatches: 1,
    spectrumInterval: 2,
    method: { lanczosSteps: 3 },
  },
  searchEpochs: 4,
};

/** What must be the same bytes however often the run was killed. The rest says when and how long. */
const RESULTS = ['weights.safetensors', 'loss.json', 'evaluation.json', 'metrics.ndjson', 'config.yaml'];

/** What became of a run that was killed. */
export interface Outcome {
  /** How often it was killed: less than asked for if it had ended before. */
  readonly kills: number;
  /** How often there was something to resume from; where not, the run began anew. */
  readonly resumptions: number;
  /** Empty if everything ended with the bytes of the undisturbed run. */
  readonly differences: readonly string[];
}

/** A run to be killed, and how it ends undisturbed. */
export class KillableRun {
  readonly #folder: string;
  readonly #main: string;
  readonly #results: ReadonlyMap<string, Buffer>;
  /** What it does to files, in order. */
  readonly operations: readonly string[];

  private constructor(folder: string, main: string, run: string, operations: readonly string[]) {
    this.#folder = folder;
    this.#main = main;
    this.operations = operations;
    this.#results = new Map(RESULTS.map((name) => [name, readFileSync(join(run, name))]));
  }

  static async make(): Promise<KillableRun> {
    const { main: library } = await build();
    const main = join(dirname(library), 'cli', 'main.js');
    const folder = mkdtempSync(join(tmpdir(), 'autobalance-kills-'));
    writeFiles(join(folder, 'data'), cifarImages(cifar10, { perClass: 8, test: 2 }));
    writeFileSync(join(folder, 'config.yaml'), stringify(settings));
    const log = join(folder, 'operations');
    writeFileSync(log, '');
    const ending = await start(folder, main, 'whole', { env: { OPERATIONS: log } });
    if (ending.code !== 0) throw new Error(`the undisturbed run failed: ${ending.err}`);
    return new KillableRun(folder, main, runsIn(folder, 'whole')[0]!, operationsIn(log));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * Kills a run, resumes it, kills it again, as often as there are controls; then lets it end, and compares.
   * @param name of its folder, which goes unless something differs
   */
  async kill(name: string, controls: readonly Control[]): Promise<Outcome> {
    let [kills, resumptions] = [0, 0];
    for (const control of [...controls, {}]) {
      const run = this.#resumable(name);
      if (run) resumptions += 1;
      const ending = run ? await this.#resume(run, control) : await start(this.#folder, this.#main, name, control);
      if (ending.signal === 'SIGKILL') kills += 1;
      else if (ending.code === 0) break;
      else return { kills, resumptions, differences: [`ended with ${ending.code}: ${ending.err}`] };
    }
    const differences = this.#differences(this.#resumable(name)!);
    if (differences.length === 0) rmSync(join(this.#folder, name), { recursive: true, force: true });
    return { kills, resumptions, differences };
  }

  /** The run's own folder, once there is something in it to resume from. Before, a new one is begun beside it. */
  #resumable(name: string): string | undefined {
    return runsIn(this.#folder, name).find((run) => existsSync(join(run, 'checkpoint.safetensors')));
  }

  #resume(run: string, { env: more, ...control }: Control): Promise<Ending> {
    const args = ['--import', dieAt, this.#main, 'run', '--resume', run, '--checkpoint-every', '0'];
    return node(args, { ...control, env: { ...env, ...more } });
  }

  #differences(run: string): string[] {
    return RESULTS.filter((name) => !readFileSync(join(run, name)).equals(this.#results.get(name)!));
  }
}

/** One thread each, since several run at a time; the bits are the same for any number. */
const env = { AUTOBALANCE_THREADS: '1' };

const start = (folder: string, main: string, name: string, { env: more, ...control }: Control = {}): Promise<Ending> =>
  node(
    [
      ...['--import', dieAt, main, 'run', 'cifar10-lt', '--data-dir', join(folder, 'data'), '--seed', '3'],
      ...['--config', join(folder, 'config.yaml'), '--runs', join(folder, name), '--checkpoint-every', '0'],
    ],
    { ...control, env: { ...env, ...more } },
  );

function runsIn(folder: string, name: string): string[] {
  const runs = join(folder, name);
  const found = existsSync(runs) ? readdirSync(runs).filter((entry) => !entry.startsWith('.')) : [];
  return found.map((entry) => join(runs, entry));
}
