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
  /** Milliseconds after which it is killed. */
  readonly killAfter?: number;
}

/** Runs Node in a process of its own, with an empty environment but for PATH, to its end. */
export function node(args: readonly string[], { env = {}, killAfter }: Control = {}): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [...args], { env: { PATH, ...env } });
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject).on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out, err });
    });
  });
}

/** The operations that a process noted in a file. */
export const operationsIn = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
