#!/usr/bin/env node
import { Interrupt } from './interrupt.js';
import { invocationOf } from './invocation.js';
import { runCli } from './program.js';

const interrupt = new Interrupt();

// Whoever read our output has gone (`| head`): save what is being worked on, and end without a word.
let closed = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    closed = true;
    interrupt.request('SIGTERM');
  });
}

const [, script = '', ...args] = process.argv;
const code = await runCli({
  out: (text) => {
    if (!closed) process.stdout.write(text);
  },
  err: (text) => {
    if (!closed) process.stderr.write(text);
  },
  get columns() {
    return process.stderr.isTTY ? process.stderr.columns : undefined;
  },
  interrupt,
  invocation: invocationOf(script, process.cwd(), process.env),
  args,
});
// Not process.exitCode: idle threads of a backend must not keep a finished program alive. What was written goes out first.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}
process.exit(closed ? 0 : code);
