import { jvpProgram } from '../../src/ad/index.js';
import { Random } from '../../src/data/random.js';
import { allocateArray, isFloat, type Program, sizeOf, Tensor } from '../../src/ir/index.js';
import { expectClose, tiniestOf, unitOf } from '../support/compare.js';
import { activeOf, type Point, type Prepared, pulledBack, vjpProgram } from '../support/derivatives.js';
import { check } from '../support/programs.js';
import { reference } from '../support/reference.js';
import { awayFromZero, tensorOf } from '../support/tensors.js';
import { operandsOf, type Sample } from './sample.js';
import type { Slope } from './samples/family.js';

/** Derivatives in f32 against f64 at the same numbers, element by element, within what the primitive states. */

/** A derivative as a program that is linear in its last inputs. */
interface LinearMap {
  readonly mode: string;
  readonly order: 1 | 2;
  readonly program: Program;
  readonly fixed: readonly Tensor[];
  readonly directions: readonly Tensor[];
  /** Outputs before this one are values. */
  readonly from: number;
}

/** Magnitudes of the same order, so that no term hides behind another. */
function directionsLike(random: Random, like: readonly Tensor['aval'][]): Tensor[] {
  return like.map(({ shape, dtype }) =>
    tensorOf(awayFromZero(0.25, 1)(random, sizeOf(shape)).map(Math.fround), shape, dtype),
  );
}

const avalsOf = (tensors: readonly Tensor[]): Tensor['aval'][] => tensors.map(({ aval }) => aval);

function forwardMap(mode: string, order: 1 | 2, point: Point, random: Random): LinearMap {
  const { program, moving } = jvpProgram(point.program, point.active);
  const directions = directionsLike(random, avalsOf(activeOf(point.inputs, point)));
  return { mode, order, program: check(program), fixed: point.inputs, directions, from: moving.length };
}

function reverseMap(mode: string, order: 1 | 2, point: Point, random: Random): LinearMap {
  const program = vjpProgram(point);
  const cotangents = program.inputs.slice(point.inputs.length).map(({ aval }) => aval);
  return { mode, order, program, fixed: point.inputs, directions: directionsLike(random, cotangents), from: 0 };
}

/** The four modes at a point, in its own dtype; the directions are the same numbers in every dtype. */
function mapsAt(point: Point): LinearMap[] {
  const random = new Random(3);
  const reverse = reverseMap('vjp', 1, point, random);
  const pulled = pulledBack(point, reverse.directions);
  return [
    forwardMap('jvp', 1, point, random),
    reverse,
    forwardMap('forward over reverse', 2, pulled, random),
    reverseMap('reverse over reverse', 2, pulled, random),
  ];
}

const run = ({ program, fixed, from }: LinearMap, directions: readonly Tensor[]): Tensor[] =>
  reference.run(program, [...fixed, ...directions]).slice(from);

const absolute = (tensor: Tensor): Tensor =>
  isFloat(tensor.dtype) ? tensorOf(tensor.data().map(Math.abs), tensor.shape, tensor.dtype) : tensor;

/** What only the chosen elements of the directions contribute. */
const partOf = (directions: readonly Tensor[], k: number, element?: number): Tensor[] =>
  directions.map(({ shape, dtype }, j) => {
    const values = allocateArray(dtype, sizeOf(shape));
    if (j === k) {
      directions[k]!.data().forEach((value, i) => {
        if (element === undefined || i === element) values[i] = value;
      });
    }
    return Tensor.of(values, shape, dtype);
  });

/** Σ|terms| for each element of each result. */
function sizesOf(map: LinearMap, positive: boolean, elementwise: boolean): Float64Array[] {
  const { fixed, directions } = map;
  if (positive) {
    return run({ ...map, fixed: fixed.map(absolute) }, directions.map(absolute)).map((x) =>
      Float64Array.from(x.data()),
    );
  }
  const parts = directions.flatMap((direction, k) =>
    elementwise
      ? [partOf(directions, k)]
      : Array.from({ length: direction.size }, (_, element) => partOf(directions, k, element)),
  );
  const sizes = run(map, directions).map(({ size }) => new Float64Array(size));
  for (const part of parts) {
    run(map, part).forEach((x, i) => {
      x.data().forEach((value, j) => {
        sizes[i]![j]! += Math.abs(value);
      });
    });
  }
  return sizes;
}

/** The longest sum that the adjoint of a repeated operand makes: n terms cost n − 1 more roundings. */
const foldOf = (sample: Sample, inputs: readonly Tensor[]): number =>
  operandsOf(sample, inputs).reduce((fold, { size }, i) => Math.max(fold, size / Math.max(1, inputs[i]!.size)), 1);

export function prepareSingle(slope: Slope, sample: Sample, single: Point, double: Point): Prepared {
  const maps = mapsAt(single);
  const exact = mapsAt(double);
  const elementwise = double.program.equations.every(({ primitive }) => primitive.category === 'elementwise');
  const firsts = run(exact[1]!, exact[1]!.directions);
  const fold = foldOf(sample, single.inputs);
  const expectations = exact.map((map) => {
    const positive = slope.positive ?? false;
    const sizes = sizesOf(map, positive, elementwise);
    const ulps = (map.order === 1 ? slope.first : slope.second) + fold - 1;
    const allowed = sizes.map((size, i) => {
      const first = map.order === 2 && !positive ? firsts[i]?.data() : undefined;
      return size.map((x, j) => ulps * unitOf('f32') * (x + Math.abs(first?.[j] ?? 0)) + 4 * tiniestOf('f32'));
    });
    return { expected: run(map, map.directions), allowed };
  });
  return (target) => {
    maps.forEach(({ mode, program, fixed, directions, from }, m) => {
      const got = target.run(program, [...fixed, ...directions]).slice(from);
      const { expected, allowed } = expectations[m]!;
      got.forEach((tensor, i) => {
        expectClose(tensor.data(), expected[i]!.data(), { absolute: allowed[i]!, what: `f32 ${mode}` });
      });
    });
  };
}
