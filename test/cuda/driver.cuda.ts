import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * The addon that `npm run build:cuda` makes, as nvcc compiled and linked it, and drivers made for the purpose: which one loads is for the loader's path to
 * say, so each has a process of its own. Needs no device.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const addon = process.env.AUTOBALANCE_CUDA_ADDON ?? join(root, 'build', 'cuda', 'Release', 'autobalance_cuda.node');
const dist = join(root, 'dist', 'src');
let folder: string;

function run(command: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  expect({ status, stdout, stderr, error }).toEqual({ status: 0, stdout: '', stderr: '', error: undefined });
}

/** Makes a driver that supports `version` of CUDA (1000 · major + 10 · minor) and finds `devices`, as the only one that loads from `drivers/name`. */
function makeDriver(name: string, version: number, devices: number): void {
  mkdirSync(join(folder, name));
  const source = join('native', 'test', 'driver_stub.cc');
  const options = ['-shared', '-fPIC', `-DAB_VERSION=${version}`, `-DAB_DEVICES=${devices}`];
  run(process.env.CXX ?? 'c++', ...options, source, '-o', join(folder, name, 'libcuda.so.1'));
}

beforeAll(() => {
  expect(existsSync(addon), `${addon} does not exist; npm run build:cuda makes it`).toBe(true);
  run(process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
  folder = mkdtempSync(join(tmpdir(), 'drivers-'));
  mkdirSync(join(folder, 'none'));
  // What does not load as a library is none, and keeps a real one from being found.
  writeFileSync(join(folder, 'none', 'libcuda.so.1'), 'no library');
  makeDriver('old', 12_040, 1);
  makeDriver('without-device', 13_000, 0);
  makeDriver('without-functions', 13_000, 1);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a process prints, in which that driver loads. */
function outputOf(driver: string, args: readonly string[]): string {
  const env = {
    PATH: process.env.PATH ?? '',
    LD_LIBRARY_PATH: join(folder, driver),
    AUTOBALANCE_CUDA_ADDON: addon,
  };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  return stdout;
}

/** The error of `loadCuda()`. */
const errorWith = (driver: string): { readonly code: string; readonly cause: string; readonly message: string } => {
  const script = `
    const { loadCuda } = await import(${JSON.stringify(pathToFileURL(join(dist, 'backends', 'cuda.js')).href)});
    try {
      loadCuda();
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, cause: error.cause.code, message: error.message }));
    }`;
  return JSON.parse(outputOf(driver, ['--input-type=module', '-e', script]));
};

describe.each([
  ['none', 'ERR_CUDA_NO_DRIVER', 'there is no NVIDIA driver here'],
  ['old', 'ERR_CUDA_OLD_DRIVER', 'the NVIDIA driver supports CUDA 12.4, these kernels need 13.0 or newer'],
  ['without-device', 'ERR_CUDA_NO_DEVICE', 'the NVIDIA driver finds no device (cuInit says 100)'],
  // It says that all is well and then has nothing that CUDA's run time asks it for.
  ['without-functions', 'ERR_CUDA', 'cuda: the device cannot be used: '],
])('with a driver that is %s', (driver, cause, message) => {
  test('the error says which', () => {
    expect(errorWith(driver)).toEqual({ code: 'ERR_BACKEND', cause, message: expect.stringContaining(message) });
  });

  test('info shows why, and what runs instead', () => {
    const info = JSON.parse(outputOf(driver, [join(dist, 'cli', 'main.js'), 'info', '--json']));
    const cuda = info.backends.find(({ name }: { name: string }) => name === 'cuda');
    expect(cuda).toMatchObject({ runs: false, reason: expect.stringContaining(message) });
    expect(info.backend).not.toBe('cuda');
    expect(info.backend).toMatch(/./);
  });
});
