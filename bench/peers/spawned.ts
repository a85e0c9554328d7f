import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Work } from '../work.js';
import type { Peer, PeerStatus, PeerTimes } from './peer.js';

/** What a peer answers to a case: its times in milliseconds, or null if it does not do this kind of work. */
interface Answer {
  readonly times: readonly number[] | null;
  readonly bytes?: number;
}

/**
 * Starts a peer in a process of its own, so that its threads, globals and garbage meet neither ours nor another's. It writes one line
 * `{ version }`, then reads a case a line and answers each in a line.
 */
export async function spawned(
  name: string,
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<PeerStatus> {
  const child = spawn(command, args, { env: environment });
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, 'error').then(([error]) => ({ done: true as const, value: String(error) }));
  const first = await Promise.race([lines.next(), failed]);
  if (first.done) {
    const reason = errors.join('').trim().split('\n').at(-1);
    return { name, absent: reason || (first.value as string | undefined) || `${command} ended at once` };
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
