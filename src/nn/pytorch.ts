import {
  ConfigError,
  DataError,
  type DType,
  formatShape,
  isFloat,
  NumericError,
  type Shape,
  sizeOf,
  Tensor,
  type Value,
} from '../ir/index.js';
import { convert, reshape, transpose } from '../ops/index.js';
import { blank, type Model } from './model.js';
import type { PyTorchLayout, PyTorchNames } from './pytorch-names.js';
import { type NamedArray, namedArrays, treeFromArrays } from './weights.js';

/** Trained parameters and running statistics. */
type Trained<P, S> = { readonly params: P; readonly state: S };
type Exchanged<P, S> = Pick<Model<P, S, never>, 'name' | 'init' | 'pyTorchNames'>;

export interface ImportOptions<P, S> {
  /** Names the file in messages. */
  readonly source: string;
  /** Of the result. Default f32, whatever the file has. */
  readonly dtype?: 'f32' | 'f64';
  /** What every name in the file begins with, such as `module.` of data-parallel training. Default nothing. */
  readonly prefix?: string;
  /**
   * To start from the weights of another task: arrays of these PyTorch names (`fc.weight`, `fc.bias`) are taken from `from` instead of the file,
   * which may have them in any shape or not at all.
   */
  readonly except?: { readonly names: readonly string[]; readonly from: Trained<P, S> };
}

/** Counts the batches that batch normalisation has seen; nothing here depends on it. */
const isBatchCount = (name: string): boolean => name.endsWith('.num_batches_tracked');

/** How many names a message lists of each kind. */
const LISTED = 12;
const list = (names: readonly string[]): string =>
  names.slice(0, LISTED).join(', ') + (names.length > LISTED ? ` and ${names.length - LISTED} more` : '');

/**
 * Parameters and running statistics of `model` from a PyTorch state dictionary, whose arrays a safetensors file holds: images become channels
 * last, filters HWIO, dense weights [inputs, outputs]. `num_batches_tracked` is left aside.
 * @param arrays by their PyTorch names, see {@link Model.pyTorchNames}
 * @throws {DataError} listing everything that is missing, that belongs to no array of the model, or that has another shape.
 * @throws {NumericError} naming an array that holds NaN or infinity.
 * @throws {ConfigError} if the model has no PyTorch names, or `except` names what it has not.
 */
export function importPyTorch<P, S>(
  model: Exchanged<P, S>,
  arrays: Readonly<Record<string, NamedArray>>,
  { source, dtype = 'f32', prefix = '', except }: ImportOptions<P, S>,
): Trained<P, S> {
  const names = namesOf(model);
  const template = blank(model, dtype);
  const own = namedArrays(except ? { ...except.from } : {});
  const kept = new Set(except?.names);
  requireKnown(kept, names, model.name);
  const problems = new Problems();
  const known = new Set<string>();
  const filled: Record<string, NamedArray> = {};
  for (const [path, { shape }] of Object.entries(namedArrays(template))) {
    const { name, layout } = leafOf(names, path, model.name);
    const full = prefix + name;
    known.add(full);
    const stored = arrays[full];
    const expected = formatShape(theirShape(shape, layout));
    if (kept.has(name)) filled[path] = own[path]!;
    else if (!stored) problems.missing.push(full);
    else if (formatShape(stored.shape) !== expected || !isFloat(stored.dtype)) {
      problems.unfit.push(`${full} is ${stored.dtype}${formatShape(stored.shape)} instead of ${expected}`);
    } else {
      requireFinite(stored, full, source);
      filled[path] = arrayOf(ours(convert(tensorOf(stored), dtype), layout));
    }
  }
  problems.unexpected.push(...Object.keys(arrays).filter((name) => !known.has(name) && !isBatchCount(name)));
  problems.report(source, model.name);
  return treeFromArrays(template, filled, source);
}

/**
 * The state dictionary that PyTorch loads (`load_state_dict` of `safetensors.torch.load_file`), by PyTorch's names and in its layouts; the
 * inverse of {@link importPyTorch}.
 * @throws {ConfigError} if the model has no PyTorch names.
 */
export function exportPyTorch<P, S>(model: Exchanged<P, S>, trained: Trained<P, S>): Record<string, NamedArray> {
  const names = namesOf(model);
  const { params, state } = trained;
  return Object.fromEntries(
    Object.entries(namedArrays({ params, state })).map(([path, array]) => {
      const { name, layout } = leafOf(names, path, model.name);
      return [name, arrayOf(theirs(tensorOf(array), layout))];
    }),
  );
}

/** What does not fit, all of it, so that one look at the message tells which model the file is of. */
class Problems {
  readonly missing: string[] = [];
  readonly unexpected: string[] = [];
  readonly unfit: string[] = [];

  report(source: string, model: string): void {
    const kinds = [
      [this.missing, 'missing'],
      [this.unexpected, 'unexpected'],
      [this.unfit, 'of another shape or dtype'],
    ] as const;
    const told = kinds
      .filter(([names]) => names.length > 0)
      .map(([names, what]) => `${names.length} ${what}: ${list(names)}`);
    if (told.length === 0) return;
    throw new DataError(
      `${source}: does not hold the weights of ${model}; ${told.join('; ')}; choose the model that they were trained in, set the prefix of ` +
        'its names, or except the arrays that are to start anew',
    );
  }
}

function namesOf({ name, pyTorchNames }: Pick<Exchanged<unknown, unknown>, 'name' | 'pyTorchNames'>): PyTorchNames {
  if (pyTorchNames) return pyTorchNames;
  throw new ConfigError(`${name}: says nothing of what its arrays are called in PyTorch; give the model pyTorchNames`);
}

function leafOf(names: PyTorchNames, path: string, model: string): PyTorchNames[string] {
  const found = names[path];
  if (found) return found;
  throw new ConfigError(`${model}: its pyTorchNames have no entry for ${path}; add it`);
}

function requireKnown(kept: ReadonlySet<string>, names: PyTorchNames, model: string): void {
  const known = new Set(Object.values(names).map(({ name }) => name));
  const odd = [...kept].filter((name) => !known.has(name));
  if (odd.length > 0)
    throw new ConfigError(
      `${model}: except names ${list(odd)}, which it has not; its last one is ${[...known].at(-1)}`,
    );
}

function requireFinite({ data }: NamedArray, name: string, source: string): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new NumericError(
    `${source}: ${name} holds ${data[at]} at element ${at}; the training that wrote it had diverged`,
  );
}

const tensorOf = ({ data, shape, dtype }: NamedArray): Tensor => Tensor.of(data, shape, dtype);
const arrayOf = (value: Value): NamedArray => ({ shape: value.shape, dtype: value.dtype as DType, data: value.data() });

const OIHW_TO_HWIO = [2, 3, 1, 0];
const HWIO_TO_OIHW = [3, 2, 0, 1];

/** From our shape to PyTorch's. */
function theirShape(shape: Shape, layout: PyTorchLayout): Shape {
  if (layout === 'same') return shape;
  if (layout === 'filter') return HWIO_TO_OIHW.map((axis) => shape[axis]!);
  return shape.toReversed();
}

/** From PyTorch's layout to ours. */
function ours(x: Value, layout: PyTorchLayout): Value {
  if (layout === 'same') return x;
  if (layout === 'filter') return transpose(x, OIHW_TO_HWIO);
  if (layout === 'dense') return transpose(x);
  const [height, width, channels] = layout.flattened;
  const outputs = x.shape[0]!;
  return reshape(transpose(reshape(x, [outputs, channels, height, width]), OIHW_TO_HWIO), [
    sizeOf(layout.flattened),
    outputs,
  ]);
}

/** From our layout to PyTorch's. */
function theirs(x: Value, layout: PyTorchLayout): Value {
  if (layout === 'same') return x;
  if (layout === 'filter') return transpose(x, HWIO_TO_OIHW);
  if (layout === 'dense') return transpose(x);
  const outputs = x.shape[1]!;
  return reshape(transpose(reshape(x, [...layout.flattened, outputs]), HWIO_TO_OIHW), [
    outputs,
    sizeOf(layout.flattened),
  ]);
}
