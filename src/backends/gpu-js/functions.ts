import type { FunctionSettings } from './library.js';

/** Functions of kernels whose mode has none that is exact enough, by name. */
export const helpers: readonly { readonly source: string; readonly settings: FunctionSettings }[] = [];
