// Where everything is measured: one worker, in which one side at a time computes.
import type { TypedArray } from '../../src/ir/index.js';
import { messageOf } from '../../src/ir/message-of.js';
import { tasks } from '../suites/tasks.js';
import { timed } from '../timed.js';
import { ours } from './ours.js';
import { peers } from './peers.js';
import type { Prepared, Session, Side, SideStatus, Starts, Traced } from './session.js';

const all = tasks();
const sides = new Map<string, Side>();

async function started(starts: Starts, peer: boolean): Promise<SideStatus[]> {
  const statuses: SideStatus[] = [];
  for (const [name, start] of Object.entries(starts)) {
    try {
      const side = await start();
      sides.set(name, side);
      statuses.push({ name, peer, device: side.device });
    } catch (error) {
      statuses.push({ name, peer, absent: messageOf(error) });
    }
  }
  return statuses;
}

function renderer(): string {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  return gl ? String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER)) : 'none';
}

async function adapter(): Promise<string> {
  const found = await navigator.gpu?.requestAdapter();
  return found
    ? [found.info.vendor, found.info.architecture, found.info.description].filter(Boolean).join(' ')
    : 'none';
}

/** The task at hand: as long as it is the same one, each side is made ready for it once. */
let current: { readonly name: string; readonly task: Traced; readonly ready: Map<string, Ready> } | undefined;

interface Ready {
  readonly prepared: Prepared;
  readonly squares: number;
}

function taskOf(name: string) {
  if (current?.name !== name) {
    for (const { prepared } of current?.ready.values() ?? []) prepared.release?.();
    const { work, program } = all.find((task) => task.name === name)!;
    current = { name, task: { work, ...program() }, ready: new Map() };
  }
  return current;
}

const squaresOf = (arrays: readonly TypedArray[]): number =>
  arrays.reduce((sum, array) => {
    for (const value of array) sum += value * value;
    return sum;
  }, 0);

const session: Session = {
  async start(withPeers) {
    return {
      crossOriginIsolated: globalThis.crossOriginIsolated,
      processors: navigator.hardwareConcurrency,
      webgl2: renderer(),
      webgpu: await adapter(),
      sides: [...(await started(ours, false)), ...(withPeers ? await started(peers, true) : [])],
      tasks: all.map(({ name, flop }) => ({ name, ...(flop !== undefined && { flop }) })),
    };
  },
  async turn(name, sideName, seconds) {
    const side = sides.get(sideName)!;
    const { task, ready } = taskOf(name);
    await side.enter?.();
    if (!ready.has(sideName)) {
      const prepared = side.prepare(task);
      if (!prepared) return undefined;
      // The first call compiles and uploads; what it returns is held against the others.
      ready.set(sideName, { prepared, squares: squaresOf(await prepared.run()) });
    }
    const { prepared, squares } = ready.get(sideName)!;
    return { times: await timed(() => prepared.run(), seconds, 1), squares };
  },
};

addEventListener(
  'message',
  async ({ data: { what, args } }: MessageEvent<{ what: keyof Session; args: unknown[] }>) => {
    try {
      postMessage({ value: await (session[what] as (...args: unknown[]) => Promise<unknown>)(...args) });
    } catch (error) {
      postMessage({ error: messageOf(error) });
    }
  },
);
