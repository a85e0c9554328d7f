/** What a visitor can choose, and how it is called. Nothing of the engine is imported here: the page shows it before any of that is loaded. */

export const scenarios = {
  mixture: 'Clouds in the plane',
  digits: 'Digits (MNIST, 14 × 14)',
} as const;

export const objectives = {
  'cross-entropy': 'Balanced cross-entropy',
  calibrated: 'The same, calibrated',
  'soft-error': 'Smooth balanced error',
  'worst-group': 'The worst class',
} as const;

export const backends = {
  wasm: 'WebAssembly',
  typescript: 'TypeScript',
  webgl2: 'gpu.js on WebGL2',
  webgpu: 'gpu.js on WebGPU',
} as const;

/** Graphics processors in software take minutes for a short run, WebAssembly seconds for a full one. */
export const lengths = { full: 'Full', short: 'Short' } as const;

/** Samples of the largest class for each of the smallest. */
export const imbalances = [10, 30, 100] as const;

export type ScenarioName = keyof typeof scenarios;
export type Length = keyof typeof lengths;
export type ObjectiveChoice = keyof typeof objectives;
export type BackendName = keyof typeof backends;

export interface Choices {
  readonly scenario: ScenarioName;
  readonly imbalance: number;
  readonly objective: ObjectiveChoice;
  readonly backend: BackendName;
  readonly length: Length;
  readonly seed: number;
}
