import { createInterface } from 'node:readline';
import { timed } from '../timed.js';
import type { Work } from '../work.js';
import { engines, isPlainProduct } from './javascript.js';

/** One engine in JavaScript as a process: `node javascript-main.js NAME THREADS`; see `spawned`. */
const [name = '', threads = '1'] = process.argv.slice(2);
const engine = engines[name];
if (!engine) throw new Error(`there is no engine ${name}; there are ${Object.keys(engines).join(', ')}`);

const answer = (value: object): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);
try {
  const { version, prepare } = await engine(Number(threads));
  answer({ version });
  for await (const line of createInterface({ input: process.stdin })) {
    const work = JSON.parse(line) as Work & { readonly seconds: number };
    if (!isPlainProduct(work)) {
      answer({ times: null });
      continue;
    }
    const run = prepare(work);
    await run();
    answer({ times: await timed(run, work.seconds) });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message.split('\n')[0] : String(error));
  process.exit(1);
}
process.exit(0);
