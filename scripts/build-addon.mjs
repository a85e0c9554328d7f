// Builds the native executor. Runs on `npm install`, where it never fails: without a compiler everything works on the WebAssembly
// backend, and one sentence says so. With --strict a failure is a failure.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const build = join(root, 'build');
const log = join(build, 'build-addon.log');
const status = join(build, 'addon-status.json');
const strict = process.argv.includes('--strict');

/** npm tells its scripts where its own node-gyp is; outside npm, look beside npm and on the PATH. */
function findNodeGyp() {
  const told = process.env.npm_config_node_gyp;
  if (told && existsSync(told)) return [process.execPath, told];
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'package.json');
  if (existsSync(beside)) {
    try {
      return [process.execPath, createRequire(beside).resolve('node-gyp/bin/node-gyp.js')];
    } catch {
      // npm without its own node-gyp: one on the PATH may do.
    }
  }
  return ['node-gyp'];
}

/** Headers that came with this Node spare a download. */
function headers() {
  const prefix = join(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

function run([command, ...args]) {
  const output = openSync(log, 'w');
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', output, output] });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) =>
      resolve(code === 0 ? null : reasonIn(readFileSync(log, 'utf8')) || `node-gyp exited with ${code}`),
    );
  });
}

/** The line of the log that says what went wrong: a tool that is missing, else the first error. */
function reasonIn(text) {
  const lines = text.split('\n').map((line) => line.trim());
  const missing = lines.find((line) => /FileNotFoundError|: not found$|command not found|ENOENT/.test(line));
  const error = missing ?? lines.find((line) => /\berror[: ]/i.test(line));
  return error?.replace(/^gyp ERR! (stack )?/, '').slice(0, 300);
}

mkdirSync(build, { recursive: true });
const addon = join(build, 'Release', 'autobalance.node');
// A library of an earlier build must not pass for this one's.
rmSync(addon, { force: true });
const started = Date.now();
const reason = await run([...findNodeGyp(), 'configure', 'build', '-j', '2', ...headers()]);
const built = reason === null && existsSync(addon);
writeFileSync(status, `${JSON.stringify({ built, reason: built ? null : reason, when: new Date().toISOString() })}\n`);
if (built) {
  console.log(`autobalance: built the native executor in ${Math.round((Date.now() - started) / 1000)} s`);
} else {
  console.log(
    `autobalance: the native executor could not be built (${reason}); everything runs, more slowly, on the executor compiled to WebAssembly. ` +
      'Install a C++20 compiler, make and Python 3, then run: npm run build:addon',
  );
  if (strict) process.exitCode = 1;
}
