import { activeInputs, traceFunction } from '../../src/ad/grad.js';
import { executableFor } from '../../src/backends/registry.js';
import {
  classLoss,
  compile,
  crossEntropy,
  fixedLosses,
  grad,
  jvp,
  linearizeProgram,
  linearizer,
  mul,
  parametricCrossEntropy,
  Random,
  ravel,
  resNet,
  sum,
  tensor,
  transposeProgram,
  type Value,
  valueAndGrad,
} from '../../src/index.js';
import { measureTogether } from '../measure.js';
import type { TimedCase } from '../report.js';

const BATCH = 128;
const ROUNDS = 9;

/**
 * What each derivative costs, measured in gradients: ResNet-32 in training mode on 32×32×3 images, batch 128, f32. The cases take turns, so
 * that what else happens on the machine meets all of them alike. By the number of convolutions, a gradient is 3 forward passes, a Hessian
 * product from kept residuals 6, a Gauss–Newton product 4, a mixed product 2. Directions are vectors, as solvers have them.
 */
export function derivativeCases(): TimedCase[] {
  const model = resNet({ depth: 32, classes: 10, imageShape: [32, 32, 3] });
  const random = new Random(3);
  const { params, state } = model.init(random);
  type Params = typeof params;
  const x = tensor(
    Float32Array.from({ length: BATCH * 32 * 32 * 3 }, () => random.normal()),
    { shape: [BATCH, 32, 32, 3] },
  );
  const y = tensor(
    Int32Array.from({ length: BATCH }, () => random.integer(10)),
    { dtype: 'i32' },
  );
  const alpha = classLoss(fixedLosses['cross-entropy'](new Array<number>(10).fill(1)));
  const { vector } = ravel(params);
  const unravel = compile((v: Value, like: Params) => ravel(like).unravel(v));
  const flat = compile((tree: Params) => ravel(tree).vector);

  const logits = (p: Params, images: Value): Value => model.apply(p, state, images, { train: true }).logits;
  const loss = (p: Params, images: Value, labels: Value): Value => crossEntropy(logits(p, images), labels);
  const gradientAt = (v: Value, like: Params, images: Value, labels: Value): Value =>
    ravel(grad(loss)(ravel(like).unravel(v), images, labels)).vector;

  const gradient = compile(valueAndGrad(loss));
  const linearGradient = linearizer(gradientAt, { argnums: [0] });
  const linearLogits = linearizer(logits, { argnums: [0] });
  const lossCurvature = compile(
    (z: Value, labels: Value, v: Value) =>
      jvp(
        grad((at: Value) => crossEntropy(at, labels)),
        [z],
        [v],
      ).tangent,
  );
  const mixedHead = compile((z: Value, labels: Value, moved: Value, { delta, iota, weight }: typeof alpha) =>
    grad((learned: { delta: Value; iota: Value }) => {
      const slope = grad((at: Value) => parametricCrossEntropy(at, labels, { ...learned, weight }))(z);
      return sum(mul(slope, moved));
    })({ delta, iota }),
  );

  const hessian = linearGradient(vector, params, x, y);
  const jacobian = linearLogits(params, x);
  const timed = measureTogether(
    {
      gradient: () => gradient(params, x, y),
      'linearize the gradient': () => linearGradient(vector, params, x, y),
      'Hessian product, kept': () => hessian.jvp(vector),
      'linearize the logits': () => linearLogits(params, x),
      'Gauss–Newton product, kept': () => {
        const moved = jacobian.jvp(unravel(vector, params));
        return flat(jacobian.vjp(lossCurvature(jacobian.value, y, moved))[0]);
      },
      'mixed product, kept': () => mixedHead(jacobian.value, y, jacobian.jvp(unravel(vector, params)), alpha),
    },
    ROUNDS,
  );

  const second = memoryOf(gradientAt, [vector, params, x, y]);
  const first = memoryOf(logits, [params, x]);
  const memory: { readonly [name: string]: Pick<TimedCase, 'arenaBytes' | 'residualBytes'> } = {
    gradient: { arenaBytes: gradient.stats(params, x, y).arenaBytes },
    'linearize the gradient': { arenaBytes: second.primal, residualBytes: hessian.residualBytes },
    'Hessian product, kept': { arenaBytes: second.tangent },
    'linearize the logits': { arenaBytes: first.primal, residualBytes: jacobian.residualBytes },
    'Gauss–Newton product, kept': { arenaBytes: Math.max(first.tangent, first.transposed) },
    'mixed product, kept': { arenaBytes: first.tangent },
  };
  return timed.map((each) => ({ suite: 'derivatives', ...each, ...memory[each.name] }));
}

/** The arena of each program of a linearization in the first argument. */
function memoryOf(fn: (...args: never[]) => unknown, args: readonly unknown[]) {
  const traced = traceFunction(fn, args);
  const { primal, tangent, residuals } = linearizeProgram(traced.program, activeInputs('bench', traced, [0]));
  const arena = (program: typeof primal): number => executableFor(program).stats().arenaBytes;
  return {
    primal: arena(primal),
    tangent: arena(tangent),
    transposed: arena(transposeProgram(tangent, residuals)),
  };
}
