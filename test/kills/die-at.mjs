// Preloaded into a process (node --import): counts what it does to files, and dies by SIGKILL at one of these operations.
//   DIE_AT=n      before operation n, from 0; with DIE_TORN=1, if that is a write, after half of its bytes;
//                 with DIE_LATER=1 it only rings a bell on standard error, and whoever hears it kills it when they like
//   OPERATIONS=f  a line for each operation goes to file f
import { appendFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { DIE_AT = '-1', DIE_LATER, DIE_TORN, OPERATIONS } = process.env;
let count = 0;

const die = () => {
  process.kill(process.pid, 'SIGKILL');
  // The signal comes at once, but not before this returns.
  for (;;);
};

/** Whether this is the operation to die at. */
function reached(name) {
  if (OPERATIONS) appendFileSync(OPERATIONS, `${name}\n`);
  if (count++ !== Number(DIE_AT)) return false;
  if (!DIE_LATER) return true;
  process.stderr.write('\x07');
  return false;
}

const handle = await fs.open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(handle);
await handle.close();

for (const name of ['writeFile', 'sync', 'datasync', 'truncate']) {
  const original = prototype[name];
  prototype[name] = async function (...args) {
    if (reached(name)) {
      if (name === 'writeFile' && DIE_TORN) {
        const bytes = Buffer.from(args[0]);
        await original.call(this, bytes.subarray(0, bytes.length >> 1));
      }
      die();
    }
    return original.apply(this, args);
  };
}

const { open } = fs;
fs.open = async (path, flags, ...rest) => {
  if (flags !== undefined && flags !== 'r' && reached('open')) die();
  return open(path, flags, ...rest);
};
for (const name of ['rename', 'unlink', 'mkdir']) {
  const original = fs[name];
  fs[name] = async (...args) => {
    if (reached(name)) die();
    return original(...args);
  };
}
syncBuiltinESMExports();
