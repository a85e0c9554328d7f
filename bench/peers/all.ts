import { fileURLToPath } from 'node:url';
import { engines } from './javascript.js';
import type { PeerStatus } from './peer.js';
import { spawned } from './spawned.js';

/** The system's interpreter, for which Debian's packages are; not a shim of some version manager. */
const PYTHON = '/usr/bin/python3';

// From dist/bench/peers and bench/peers alike: Python's scripts are not compiled and stay in the sources.
const sources = import.meta.url.includes('/dist') ? '../../../bench/peers/' : './';
const pathTo = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const python = (name: string, script: string, threads: number): Promise<PeerStatus> => {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...environment } = process.env;
  return spawned(name, PYTHON, [pathTo(`${sources}${script}`), String(threads)], {
    ...environment,
    OMP_NUM_THREADS: String(threads),
  });
};

/** Every peer there is, with the reason where one is absent. PyTorch's convolutions on a CPU are oneDNN's. */
export const allPeers = (threads: number): Promise<PeerStatus[]> =>
  Promise.all([
    python('openblas', 'openblas.py', threads),
    python('pytorch', 'pytorch.py', threads),
    ...Object.keys(engines).map((name) =>
      spawned(name, process.execPath, [pathTo('./javascript-main.js'), name, String(threads)], process.env),
    ),
  ]);
