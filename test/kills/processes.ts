import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What is preloaded so that a process dies at a file operation. */
export const dieAt = fileURLToPath(new URL('die-at.mjs', import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Control {
  readonly env?: Readonly<Record<string, string>>;
  /** Kills it so many milliseconds after it has reached a file operation: the same share of its work on a busy machine and a quiet one. */
  readonly killAfter?: { readonly operation: number; readonly milliseconds: number };
}

/** Runs Node in a process of its own, with an empty environment but for PATH, to its end. */
export function node(args: readonly string[], { env = {}, killAfter }: Control = {}): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const { PATH = '' } = process.env;
    const bell = killAfter && { DIE_AT: String(killAfter.operation), DIE_LATER: '1' };
    const child = spawn(process.execPath, [...args], { env: { PATH, ...env, ...bell } });
    let timer: NodeJS.Timeout | undefined;
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      if (killAfter && err.includes('\x07')) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter.milliseconds);
    });
    child.on('error', reject).on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out, err });
    });
  });
}

/** The operations that a process noted in a file. */
export const operationsIn = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
