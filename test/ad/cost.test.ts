import { describe, expect, test } from 'vitest';
import { activeInputs, traceFunction } from '../../src/ad/grad.js';
import {
  type ClassLoss,
  compile,
  crossEntropy,
  grad,
  jvp,
  type LinearizedProgram,
  linearizeProgram,
  mul,
  ones,
  parametricCrossEntropy,
  Random,
  type ResNetParams,
  ravel,
  resNet,
  sum,
  tensor,
  transposeProgram,
  type Value,
  valueAndGrad,
  zeros,
} from '../../src/index.js';
import { type Program, printProgram, simplify } from '../../src/ir/index.js';

/**
 * What derivatives cost, told by the equations of their programs; nothing is run. Convolutions are all the arithmetic of a network: a
 * layer's forward pass is one, its gradient three, of which the first layer, whose input is data, needs two.
 */
const CLASSES = 3;
const model = resNet({ depth: 8, classes: CLASSES, imageShape: [8, 8, 5], channels: [2, 3, 4] });
/** Stem, two convolutions in each of three blocks, two shortcuts. */
const LAYERS = 1 + 3 * 2 + 2;
/** Those whose input moves with the parameters. */
const INNER = LAYERS - 1;

const { params, state } = model.init(new Random(0));
const x = zeros([2, 8, 8, 5]);
const y = tensor([0, 2], { dtype: 'i32' });
const { vector } = ravel(params);

const logits = (p: ResNetParams, images: Value): Value => model.apply(p, state, images, { train: true }).logits;
const loss = (p: ResNetParams, images: Value, labels: Value): Value => crossEntropy(logits(p, images), labels);

/** How often a primitive stands in the printed program. */
const count = (program: Program, name: string): number =>
  printProgram(program)
    .split('\n')
    .filter((line) => new RegExp(` = ${name}[{ ]`).test(line)).length;

interface Convolutions {
  readonly forward: number;
  readonly toInput: number;
  readonly toFilter: number;
}
const NONE: Convolutions = { forward: 0, toInput: 0, toFilter: 0 };

const convolutions = (program: Program): Convolutions => ({
  forward: count(program, 'conv2d'),
  toInput: count(program, 'conv2dInputGrad'),
  toFilter: count(program, 'conv2dFilterGrad'),
});

/** What a linearization of `fn` in the arguments `argnums` keeps ready. */
function linearized(fn: (...args: never[]) => unknown, args: readonly unknown[], argnums = [0]): LinearizedProgram {
  const traced = traceFunction(fn, args);
  return linearizeProgram(traced.program, activeInputs('test', traced, argnums));
}

const transposed = ({ tangent, residuals }: LinearizedProgram): Program => transposeProgram(tangent, residuals);

describe('convolutions', () => {
  test('the network itself: one per layer', () => {
    expect(convolutions(compile(loss).program(params, x, y))).toEqual({ ...NONE, forward: LAYERS });
  });

  test('gradient: three per layer, two for the first', () => {
    const program = compile(valueAndGrad(loss)).program(params, x, y);
    expect(convolutions(program)).toEqual({ forward: LAYERS, toInput: INNER, toFilter: LAYERS });
  });

  test.each(['a tree', 'a vector'])(
    'Hessian product from a kept linearization, parameters in %s: at most six per layer',
    (form) => {
      const gradient =
        form === 'a tree'
          ? linearized(grad(loss), [params, x, y])
          : linearized(
              (v: Value, like: ResNetParams, images: Value, labels: Value) =>
                ravel(grad(loss)(ravel(like).unravel(v), images, labels)).vector,
              [vector, params, x, y],
            );
      // Linearizing is no more work than the gradient.
      expect(convolutions(gradient.primal)).toEqual({ forward: LAYERS, toInput: INNER, toFilter: LAYERS });
      // Each of a layer's three, once for either operand that moves; the first layer's input does not.
      const product = simplify(gradient.tangent);
      expect(convolutions(product)).toEqual({ forward: 2 * INNER + 1, toInput: 2 * INNER, toFilter: 2 * INNER + 1 });
    },
  );

  test('Gauss–Newton product from a kept linearization of the logits: four per layer', () => {
    const jacobian = linearized(logits, [params, x]);
    expect(convolutions(jacobian.primal)).toEqual({ ...NONE, forward: LAYERS });
    expect(convolutions(jacobian.tangent)).toEqual({ ...NONE, forward: 2 * INNER + 1 });
    expect(convolutions(transposed(jacobian))).toEqual({ ...NONE, toInput: INNER, toFilter: LAYERS });
  });

  test('mixed product that enters at the logits: a forward pass and two per layer, no backward pass', () => {
    const alpha = { delta: ones([CLASSES]), iota: zeros([CLASSES]) };
    const mixed = compile((p: ResNetParams, q: ResNetParams, learned: typeof alpha, images: Value, labels: Value) =>
      grad((a: typeof alpha) => {
        const { value, tangent } = jvp((w: ResNetParams) => logits(w, images), [p], [q]);
        const slope = grad((z: Value) => parametricCrossEntropy(z, labels, { ...a, weight: ones([CLASSES]) }))(value);
        return sum(mul(slope, tangent));
      })(learned),
    );
    const program = mixed.program(params, params, alpha, x, y);
    expect(convolutions(program)).toEqual({ ...NONE, forward: LAYERS + 2 * INNER + 1 });
  });
});

describe('symbolic zeros cost nothing', () => {
  const alpha: ClassLoss = { delta: ones([CLASSES]), iota: zeros([CLASSES]), weight: ones([CLASSES]) };
  const inner = (p: ResNetParams, a: ClassLoss, images: Value, labels: Value): Value =>
    parametricCrossEntropy(logits(p, images), labels, a);

  test('only the last layer moves: no convolution in the tangent, none backwards', () => {
    const head = (h: ResNetParams['head'], p: ResNetParams, images: Value, labels: Value): Value =>
      loss({ ...p, head: h }, images, labels);
    const args = [params.head, params, x, y];
    const at = linearized(head, args);
    expect(convolutions(at.tangent)).toEqual(NONE);
    expect(convolutions(transposed(at))).toEqual(NONE);
    // The residuals are the pooled features and what follows them; nothing of the body is kept.
    const kept = at.tangent.inputs.slice(0, at.residuals).map(({ aval }) => aval.shape.length);
    expect(Math.max(...kept)).toBeLessThan(4);
    const twice = linearized(grad(head), args);
    expect(convolutions(twice.primal)).toEqual({ ...NONE, forward: LAYERS });
    expect(convolutions(twice.tangent)).toEqual(NONE);
  });

  test('only the last filter moves: one convolution forward, one backward', () => {
    const last = (filter: Value, p: ResNetParams, images: Value, labels: Value): Value => {
      const { second, ...block } = p.blocks[2];
      const moved = { ...block, second: { ...second, conv: { filter } } };
      return loss({ ...p, blocks: [p.blocks[0], p.blocks[1], moved] }, images, labels);
    };
    const at = linearized(last, [params.blocks[2].second.conv.filter, params, x, y]);
    expect(convolutions(at.tangent)).toEqual({ ...NONE, forward: 1 });
    expect(convolutions(transposed(at))).toEqual({ ...NONE, toFilter: 1 });
  });

  test('the gradient to the images is not computed', () => {
    // No other tensor of the network has the images' shape.
    const toImages = (program: Program): number =>
      printProgram(program)
        .split('\n')
        .filter((line) => line.includes('f32[2, 8, 8, 5] = conv2dInputGrad{')).length;
    expect(toImages(compile(grad(loss)).program(params, x, y))).toBe(0);
    const inImages = (at: Value, p: ResNetParams, labels: Value): Value => loss(p, at, labels);
    expect(toImages(compile(grad(inImages)).program(x, params, y))).toBe(1);
  });

  test('∂/∂λ with w constant: the forward pass, and no work in the body besides', () => {
    const inHyper = (a: ClassLoss, p: ResNetParams, images: Value, labels: Value): Value => inner(p, a, images, labels);
    const args = [alpha, params, x, y];
    expect(convolutions(compile(grad(inHyper)).program(alpha, params, x, y))).toEqual({ ...NONE, forward: LAYERS });
    const at = linearized(inHyper, args);
    expect(convolutions(at.tangent)).toEqual(NONE);
    expect(convolutions(transposed(at))).toEqual(NONE);
    // No tangent of the body: nothing in the linear part has its four axes.
    const axes = at.tangent.equations.flatMap(({ outputs }) => outputs.map(({ aval }) => aval.shape.length));
    expect(Math.max(...axes)).toBeLessThan(4);
  });

  test('∂/∂w of ∂/∂λ: the body once forward, and backward to each parameter once', () => {
    const slope = (p: ResNetParams, a: ClassLoss, images: Value, labels: Value) =>
      grad((at: ClassLoss) => inner(p, at, images, labels))(a);
    const at = linearized(slope, [params, alpha, x, y]);
    expect(convolutions(at.primal)).toEqual({ ...NONE, forward: LAYERS });
    expect(convolutions(at.tangent)).toEqual({ ...NONE, forward: 2 * INNER + 1 });
    expect(convolutions(transposed(at))).toEqual({ ...NONE, toInput: INNER, toFilter: LAYERS });
  });
});
