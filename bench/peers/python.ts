import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Work } from '../work.js';
import type { Peer, PeerStatus, PeerTimes } from './peer.js';

/** The system's interpreter, for which Debian's packages are; not a shim of some version manager. */
const PYTHON = '/usr/bin/python3';

interface Answer {
  readonly times: readonly number[] | null;
  readonly bytes?: number;
}

/** Starts a script that answers a case a line. */
async function start(name: string, script: string, threads: number): Promise<PeerStatus> {
  // From dist/bench/peers and bench/peers alike: the scripts are not compiled and stay in the sources.
  const path = fileURLToPath(
    new URL(`${import.meta.url.includes('/dist') ? '../../../bench/peers/' : './'}${script}`, import.meta.url),
  );
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...environment } = process.env;
  const child = spawn(PYTHON, [path, String(threads)], { env: { ...environment, OMP_NUM_THREADS: String(threads) } });
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, 'error').then(([error]) => ({ done: true as const, value: String(error) }));
  const first = await Promise.race([lines.next(), failed]);
  if (first.done) {
    const reason = errors.join('').trim().split('\n').at(-1);
    return { name, absent: reason || (first.value as string | undefined) || `${PYTHON} ${script} ended at once` };
  }
  const { version } = JSON.parse(first.value) as { readonly version: string };
  return { name, peer: peerOf(name, version, child, lines) };
}

function peerOf(
  name: string,
  version: string,
  child: ChildProcessWithoutNullStreams,
  lines: AsyncIterator<string>,
): Peer {
  return {
    name,
    version,
    async time(work: Work, seconds: number): Promise<PeerTimes | undefined> {
      child.stdin.write(`${JSON.stringify({ ...work, seconds })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name}: ended while it was timed on ${JSON.stringify(work)}`);
      const { times, bytes } = JSON.parse(value) as Answer;
      return times ? { times, ...(bytes !== undefined && { bytes }) } : undefined;
    },
    stop: () => child.kill(),
  };
}

export const openBlas = (threads: number): Promise<PeerStatus> => start('openblas', 'openblas.py', threads);
/** PyTorch on CPU: its convolutions are oneDNN's. */
export const pyTorch = (threads: number): Promise<PeerStatus> => start('pytorch', 'pytorch.py', threads);
