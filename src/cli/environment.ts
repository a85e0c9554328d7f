import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { type BackendInfo, backends, currentBackend } from '../backends/index.js';
import { messageOf } from '../ir/message-of.js';
import { gitCommit, packageVersion } from './package.js';

/** One backend as `info` shows it. */
export interface BackendReport {
  readonly name: string;
  readonly runs: boolean;
  readonly device?: string;
  /** Why it does not run. */
  readonly reason?: string;
}

export interface Environment {
  readonly version: string;
  readonly commit: string | null;
  /** The backend that runs; `null` if AUTOBALANCE_BACKEND names one that cannot. */
  readonly backend: string | null;
  readonly device: string | null;
  /** The instruction set of the kernels; `null` where JavaScript runs. */
  readonly isa: string | null;
  readonly threads: number | null;
  /** What computes convolutions (AUTOBALANCE_CONVOLUTION); `null` where JavaScript runs. */
  readonly convolution: string | null;
  readonly backends: readonly BackendReport[];
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memoryBytes: number;
  readonly platform: string;
  readonly versions: Readonly<Record<string, string>>;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The backend that runs, or why none does. */
function chosen(): { readonly info?: BackendInfo; readonly problem?: string } {
  try {
    return { info: currentBackend().info() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

export function environment(): Environment {
  const { info, problem } = chosen();
  const wish = process.env.AUTOBALANCE_BACKEND;
  const idle = problem ?? (wish ? `AUTOBALANCE_BACKEND=${wish} chooses ${info?.name}` : `${info?.name} is preferred`);
  const { node = '', v8 = '', napi = '' } = process.versions;
  return {
    version: packageVersion(),
    commit: gitCommit(),
    backend: info?.name ?? null,
    device: info?.device ?? null,
    isa: text(info?.details.isa),
    threads: info ? Number(info.details.threads ?? 1) : null,
    convolution: text(info?.details.convolution),
    backends: backends().map(({ name, backend, reason }) => {
      const runs = name === info?.name;
      return {
        name,
        runs,
        ...(backend && { device: backend.info().device }),
        ...(!runs && { reason: reason ?? idle }),
      };
    }),
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() },
    memoryBytes: totalmem(),
    platform: `${platform()} ${release()} ${arch()}`,
    versions: { node, v8, napi },
  };
}

/**
 * The sentence to show when the preferred backend cannot run and nobody asked for another.
 * @throws {ConfigError|BackendError} if AUTOBALANCE_BACKEND asks for one that cannot run
 */
export function fallbackNotice(): string | undefined {
  const running = currentBackend().name;
  if (process.env.AUTOBALANCE_BACKEND) return undefined;
  const [preferred] = backends();
  if (!preferred?.reason || preferred.name === running) return undefined;
  return `The ${preferred.name} backend cannot run here, so everything runs on the slower ${running} backend: ${preferred.reason}.`;
}
