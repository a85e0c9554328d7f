import { type DType, isFloat, type Primitive, type Tensor } from '../../src/ir/index.js';
import { primitives } from '../../src/ops/index.js';
import type { Point, Prepared } from '../support/derivatives.js';
import { tensorOf } from '../support/tensors.js';
import { prepareJet } from './jet-check.js';
import { drawInputs, programOfSample, type Sample } from './sample.js';
import type { Family } from './samples/family.js';
import { families } from './samples/index.js';
import { prepareSingle } from './single.js';
import { prepareSmooth, prepareZero } from './smooth.js';

/** A primitive and what is tried of it. */
export interface Entry {
  readonly name: string;
  readonly primitive: Primitive;
  readonly family: Family;
}

/** The whole registry. */
export const entries: readonly Entry[] = Object.entries<Primitive>(primitives).map(([name, primitive]) => {
  const family = (families as { readonly [name: string]: Family })[name];
  if (!family) throw new Error(`conformance: ${name} has no samples; add its family to test/conformance/samples`);
  return { name, primitive, family };
});

export const MODES = ['value', 'jvp', 'vjp', 'forward over reverse', 'reverse over reverse', 'third order'] as const;
export type Mode = (typeof MODES)[number];
export type Cell = `${Mode}, ${'f64' | 'f32'}`;

/** Third order is asked of f64 alone, where differences can tell. */
export const CELLS: readonly Cell[] = MODES.flatMap((mode): Cell[] =>
  mode === 'third order' ? [`${mode}, f64`] : [`${mode}, f64`, `${mode}, f32`],
);
const derivatives = (dtype: 'f64' | 'f32'): Cell[] =>
  CELLS.filter((cell) => !cell.startsWith('value') && cell.endsWith(dtype));

/** One check of one sample: what it covers, and how it is made ready for every backend. */
export interface Check {
  readonly name: string;
  readonly dtype: 'f64' | 'f32';
  readonly cells: readonly Cell[];
  prepare(): Prepared;
}

/** The derivatives that are tried of a sample. What the tests run is what the coverage counts, for both ask here. */
export function derivativeChecks({ primitive, family }: Entry, sample: Sample): Check[] {
  const { slope } = family;
  const { differentiable, jet, dtypes, inputs } = sample;
  const point = (dtype: DType): Point => pointOf(primitive, sample, dtype);
  const floats = (['f64', 'f32'] as const).filter((dtype) => dtypes.includes(dtype));
  if (slope === 'zero') {
    if (!inputs.some(({ dtype }) => dtype === 'T')) return [];
    return floats.map((dtype) => ({
      name: `${dtype}: zero to third order`,
      dtype,
      cells: derivatives(dtype),
      prepare: () => prepareZero(point(dtype)),
    }));
  }
  if (!differentiable && !jet) return [];
  return floats.map((dtype): Check => {
    const common = { dtype, cells: derivatives(dtype) };
    if (dtype === 'f32') {
      const prepare = () => prepareSingle(slope, sample, point('f32'), widened(primitive, sample));
      return { ...common, name: 'f32: within the stated bound of f64, every mode', prepare };
    }
    return jet
      ? { ...common, name: 'f64: as told, every mode', prepare: () => prepareJet(jet, sample, point('f64')) }
      : { ...common, name: 'f64: differences and adjoints', prepare: () => prepareSmooth(sample, point('f64')) };
  });
}

/** Which inputs of a sample move. */
const activeIn = ({ differentiable, jet, inputs }: Sample): boolean[] => {
  const chosen = differentiable ?? jet?.active;
  return inputs.map(({ dtype }, i) => (chosen ? chosen.includes(i) : dtype === 'T'));
};

export function pointOf(primitive: Primitive, sample: Sample, dtype: DType): Point {
  const inputs = drawInputs(sample, dtype);
  return { program: programOfSample(primitive, sample, inputs, dtype), inputs, active: activeIn(sample) };
}

/** The point of the f32 sample, in f64: exactly the same numbers. */
function widened(primitive: Primitive, sample: Sample): Point {
  const inputs = drawInputs(sample, 'f32').map(widen);
  return { program: programOfSample(primitive, sample, inputs, 'f64'), inputs, active: activeIn(sample) };
}

export const widen = (tensor: Tensor): Tensor =>
  tensor.dtype === 'f32' ? tensorOf(tensor.data(), tensor.shape, 'f64') : tensor;

/** Cells that a sample fills: its values, and its derivatives. */
export const cellsOf = (entry: Entry, sample: Sample): Cell[] => [
  ...sample.dtypes.filter(isFloat).map((dtype) => `value, ${dtype as 'f64' | 'f32'}` as const),
  ...derivativeChecks(entry, sample).flatMap(({ cells }) => cells),
];
