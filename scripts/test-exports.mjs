// Runs every exported loss in the program it is for, and holds value and gradient against ours, to 1e-6 (relative to the larger of 1 and the value).
// What is not installed is said to be not run. `--write` notes the results for the tests that cannot run these programs.
//
//   npm run test:exports            needs PyTorch for /usr/bin/python3; ONNX Runtime comes with `npm run bench:peers`
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
const { exporters } = await dist('export/index.js');
const { parseLearnedLoss } = await dist('cli/learned-loss.js');
const { mul, parametricCrossEntropy, tensor, valueAndGrad } = await dist('index.js');

/** The system's interpreter, for which Debian's packages are. */
const PYTHON = '/usr/bin/python3';
const TOLERANCE = 1e-6;
const folder = mkdtempSync(join(tmpdir(), 'autobalance-exports-'));
const cases = JSON.parse(readFileSync(join(root, 'test/export/cases.json'), 'utf8'));

/** Ours in f64: the loss of each group's samples with its column, weighted by how many they are. */
function ours({ logits, labels, groups }, loss) {
  const classes = loss.classCounts.length;
  const result = { loss: 0, gradient: new Array(logits.length).fill(0) };
  const column = (table, g) =>
    tensor(
      table.map((row) => row[g]),
      { dtype: 'f64' },
    );
  for (let g = 0; g < (loss.groups?.length ?? 1); g++) {
    const own = labels.flatMap((_, i) => ((groups?.[i] ?? 0) === g ? [i] : []));
    if (own.length === 0) continue;
    const rows = own.flatMap((i) => logits.slice(i * classes, (i + 1) * classes));
    const numbers = { delta: column(loss.delta, g), iota: column(loss.iota, g), weight: column(loss.weight, g) };
    const y = tensor(
      own.map((i) => labels[i]),
      { dtype: 'i32' },
    );
    const share = own.length / labels.length;
    const { value, grad } = valueAndGrad((f) => mul(parametricCrossEntropy(f, y, numbers), share))(
      tensor(rows, { shape: [own.length, classes], dtype: 'f64' }),
    );
    result.loss += value.item();
    own.forEach((i, n) => {
      for (let k = 0; k < classes; k++) result.gradient[i * classes + k] = grad.data()[n * classes + k];
    });
  }
  return result;
}

const python = (script, ...files) =>
  JSON.parse(execFileSync(PYTHON, [join(root, 'test/export', script), ...files], { encoding: 'utf8', stdio: 'pipe' }));

async function typescript(path, { logits, labels, groups }) {
  const tsc = createRequire(import.meta.url).resolve('typescript/package.json');
  const binary = join(dirname(tsc), 'bin/tsc');
  const options = ['--strict', '--noUncheckedIndexedAccess', '--noUnusedLocals', '--noUnusedParameters'];
  execFileSync(
    process.execPath,
    [binary, ...options, '--target', 'es2022', '--module', 'esnext', '--ignoreConfig', path],
    {
      cwd: folder,
      stdio: 'pipe',
    },
  );
  const script = path.replace(/\.ts$/, '.mjs');
  writeFileSync(script, readFileSync(path.replace(/\.ts$/, '.js')));
  const { autobalanceLoss } = await import(pathToFileURL(script).href);
  const { loss, gradient } = autobalanceLoss(logits, labels, groups);
  return { engine: `TypeScript ${JSON.parse(readFileSync(tsc, 'utf8')).version}`, loss, gradient: [...gradient] };
}

async function onnx(path, { logits, labels, groups }) {
  const require = createRequire(import.meta.url);
  const ort = require('onnxruntime-web');
  const { version } = JSON.parse(
    readFileSync(join(dirname(require.resolve('onnxruntime-web')), '../package.json'), 'utf8'),
  );
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(readFileSync(path));
  const whole = (values) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
  const { loss, gradient } = await session.run({
    logits: new ort.Tensor('float32', Float32Array.from(logits), [labels.length, logits.length / labels.length]),
    labels: whole(labels),
    ...(groups && { groups: whole(groups) }),
  });
  return { engine: `ONNX Runtime ${version}`, loss: loss.data[0], gradient: [...gradient.data] };
}

const runners = {
  pytorch: { ext: 'py', run: (path, input) => python('run_pytorch.py', path, input) },
  jax: { ext: 'py', run: (path, input) => python('run_jax.py', path, input) },
  typescript: { ext: 'ts', run: (path, _, test) => typescript(path, test) },
  onnx: { ext: 'onnx', run: (path, _, test) => onnx(path, test) },
};

const close = (a, b) => Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b));
const results = {};
let failed = 0;
for (const [name, test] of Object.entries(cases)) {
  const loss = parseLearnedLoss(JSON.stringify(test.loss), `${name}.json`);
  const wanted = ours(test, loss);
  const input = join(folder, 'case.json');
  writeFileSync(input, JSON.stringify(test));
  for (const [target, { ext, run }] of Object.entries(runners)) {
    const content = exporters[target](loss, { source: 'loss.json', version: '0.0.0' });
    const path = join(folder, `${target}_${Object.keys(cases).indexOf(name)}.${ext}`);
    writeFileSync(path, content);
    const title = `${name}, ${target}`;
    try {
      if (target === 'onnx') console.log(`${title}: ${JSON.stringify(python('check_onnx.py', path))}`);
    } catch (error) {
      if (!/No module named 'onnx'|ENOENT/.test(String(error.stderr ?? error))) throw error;
      console.log(`${title}: checker not run, onnx is not installed`);
    }
    try {
      const got = await run(path, input, test);
      const worst = Math.max(
        Math.abs(got.loss - wanted.loss) / Math.max(1, Math.abs(wanted.loss)),
        ...got.gradient.map((value, i) => Math.abs(value - wanted.gradient[i])),
      );
      const good = close(got.loss, wanted.loss) && got.gradient.every((value, i) => close(value, wanted.gradient[i]));
      if (!good) failed += 1;
      console.log(`${title}: ${good ? 'agrees' : 'DIFFERS'}, at most ${worst.toExponential(1)}, on ${got.engine}`);
      results[title] = { sha256: createHash('sha256').update(content).digest('hex'), ...got };
    } catch (error) {
      const text = String(error.stderr ?? error.message ?? error);
      if (!/No module named|Cannot find module|ENOENT/.test(text)) throw error;
      console.log(`${title}: not run, ${text.trim().split('\n').at(-1)}`);
    }
  }
}
rmSync(folder, { recursive: true });
if (process.argv.includes('--write')) {
  writeFileSync(join(root, 'test/export/results.json'), `${JSON.stringify(results, null, 1)}\n`);
}
if (failed > 0) process.exit(1);
