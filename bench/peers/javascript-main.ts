import { createInterface } from 'node:readline';
import type { Work } from '../work.js';
import { engines, isPlainProduct, timed } from './javascript.js';

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
    answer({ times: isPlainProduct(work) ? await timed(prepare(work), work.seconds) : null });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message.split('\n')[0] : String(error));
  process.exit(1);
}
process.exit(0);
