// Type-checked as a user's code is, against the declarations of the installed package.
import * as library from 'autobalance';
import { grad, loadWasm, mul, sum, tensor, type Value } from 'autobalance/browser';

export const cube = (x: Value): Value => sum(mul(mul(x, x), x));
export const slope: number = grad(cube)(tensor([2])).item();
export const ready: Promise<void> = loadWasm('/autobalance.wasm');
export const faster: Promise<void> = loadWasm('/autobalance.wasm', { threads: 2, threadsSource: '/threads.wasm' });
export const names: readonly string[] = library.backends().map(({ name }) => name);
export const rows: library.TableDataset['kind'] = 'table';
