import { starts } from './backends.js';
import { digits } from './digits.js';
import type { Message, Request } from './messages.js';
import { mixture } from './mixture.js';
import { type Host, run } from './run.js';

/** Longest time without a look at what the page has to say, in milliseconds. */
const ATTENTION = 30;

let paused = false;
let goOn = (): void => {};
let looked = performance.now();

const host: Host = {
  tell: (message: Message) => postMessage(message),
  async turn() {
    if (performance.now() - looked > ATTENTION) {
      // Messages come in only between tasks.
      await new Promise((resolve) => setTimeout(resolve));
      looked = performance.now();
    }
    if (paused) {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }
  },
};

async function start(choices: Extract<Request, { kind: 'start' }>): Promise<void> {
  try {
    await starts[choices.backend]();
    await (choices.scenario === 'mixture' ? run(mixture, choices, host) : run(digits, choices, host));
  } catch (error) {
    host.tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

addEventListener('message', ({ data: request }: MessageEvent<Request>) => {
  if (request.kind === 'start') void start(request);
  else {
    paused = request.kind === 'pause';
    if (!paused) goOn();
  }
});
