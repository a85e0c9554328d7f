/** A fault in the source of a transform, and the tests that must find it. */
export interface SourceMutant {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const COMPOSITIONS = 'test/conformance/compositions.test.ts';
const DERIVATIVES = 'test/conformance/derivatives.test.ts';
const KINKS = 'test/conformance/kinks.test.ts';
const NUMERICS = 'test/conformance/numerics.test.ts';
const TRANSFORMS = 'test/conformance/transforms.test.ts';
const SIMPLIFY = 'test/ir/simplify.test.ts';

/** Faults that are not in one rule but in what puts rules together. */
export const sourceMutants: readonly SourceMutant[] = [
  {
    name: 'jvp: sees the tangent of the first operand only',
    file: 'src/ad/jvp.ts',
    find: 'inputs.map((input) => tangentOf.get(input) ?? null)',
    replace: 'inputs.map((input, i) => (i === 0 ? tangentOf.get(input) : null) ?? null)',
    tests: [DERIVATIVES],
  },
  {
    name: 'linearize: residuals are handed over in the wrong order',
    file: 'src/ad/linearize.ts',
    find: '...kept],\n    }),\n    tangent',
    replace: '...kept.toReversed()],\n    }),\n    tangent',
    tests: [DERIVATIVES],
  },
  {
    name: 'linearizer: residuals of the first point are kept for the next one',
    file: 'src/ad/linearization.ts',
    find: 'const results = callProgram(linear.primal, [...leaves, ...traced.captured]);',
    replace:
      'const stale = linear as { results?: Value[] };\n  const results = (stale.results ??= callProgram(linear.primal, [...leaves, ...traced.captured]));',
    tests: [TRANSFORMS],
  },
  {
    name: 'linearizer: what closes over a traced value is kept',
    file: 'src/ad/signature.ts',
    find: 'if (made.captured.some((value) => value instanceof Tracer)) return { made, leaves };',
    replace: 'void Tracer;',
    tests: ['test/ad/signature.test.ts'],
  },
  {
    name: 'transpose: a second cotangent replaces the first',
    file: 'src/ad/transpose.ts',
    find: 'sumOf([cotangentOf.get(atom) ?? null, cotangent])',
    replace: '(cotangent ?? cotangentOf.get(atom) ?? sumOf([]))',
    tests: [TRANSFORMS],
  },
  {
    name: 'transpose: equations are walked forwards',
    file: 'src/ad/transpose.ts',
    find: 'of linearEquations.toReversed()',
    replace: 'of linearEquations',
    tests: [COMPOSITIONS],
  },
  {
    name: 'gradient: every output is seeded',
    file: 'src/ad/grad.ts',
    find: '[i === 0 ? scalar(1, value.dtype) : null]',
    replace: '[i >= 0 ? scalar(1, value.dtype) : null]',
    tests: [TRANSFORMS],
  },
  {
    name: 'gradient: comes in the order of the arguments, not in the one asked for',
    file: 'src/ad/grad.ts',
    find: 'gradients[[...list].sort((a, b) => a - b).indexOf(i)]',
    replace: 'gradients[list.indexOf(i)]',
    tests: [TRANSFORMS],
  },
  {
    name: 'a symbolic zero is written out as one',
    file: 'src/ops/calculus.ts',
    find: 'value ?? full(aval.shape, 0, aval.dtype)',
    replace: 'value ?? full(aval.shape, 1, aval.dtype)',
    tests: [TRANSFORMS],
  },
  {
    name: 'the sum of tangents loses its second term',
    file: 'src/ops/calculus.ts',
    find: 'return term === null ? sum : apply(addPrimitive, [sum, term], {});',
    replace: 'void apply;\n    return sum;',
    tests: [TRANSFORMS],
  },
  {
    name: 'broadcastBack: repeats along the axes that were kept',
    file: 'src/ops/calculus.ts',
    find: 'const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));\n  return apply(broadcastPrimitive, [reduced]',
    replace:
      'const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(shape.length - 1 - axis));\n  return apply(broadcastPrimitive, [reduced]',
    tests: [DERIVATIVES],
  },
  {
    name: 'linear: a symbolic zero is the operand itself',
    file: 'src/ops/define.ts',
    find: '(i < fixed ? x : instantiate(tangents[i]!, x.aval))',
    replace: '(void instantiate, i < fixed ? x : (tangents[i] ?? x))',
    tests: [COMPOSITIONS],
  },
  {
    name: 'bilinear: the product rule drops its second term',
    file: 'src/ops/define.ts',
    find: 'dy ? apply(primitive, [x!, dy], params) : null])]',
    replace: 'dx ? null : dy ? apply(primitive, [x!, dy], params) : null])]',
    tests: [TRANSFORMS],
  },
  {
    name: 'relu: derivative 1 at 0',
    file: 'src/ops/elementwise.ts',
    find: 'select(lessEqual(x, 0), 0, x)',
    replace: 'select(lessEqual(x, -1e-300), 0, x)',
    tests: [KINKS],
  },
  {
    name: 'logSumExp: shifts by −∞',
    file: 'src/ops/reduce.ts',
    find: 'const shift = select(equal(sub(largest, largest), 0), largest, 0);',
    replace: 'const shift = largest;\n  void select;\n  void equal;',
    tests: [NUMERICS],
  },
  {
    name: 'logSoftmax: the derivative of the shift is kept, and its maximum is not subtracted',
    file: 'src/ops/reduce.ts',
    find: 'const shifted = sub(x, stopGradient(max(x, { axes: axis, keepDims: true })));',
    replace: 'const shifted = sub(x, mul(0.5, max(x, { axes: axis, keepDims: true })));',
    tests: [NUMERICS],
  },
  {
    name: 'maximum pooling: the last of equal maxima takes all',
    file: 'src/backends/reference/window.ts',
    find: 'position[result + c] === -1 || beats(value, best[result + c]!)',
    replace: 'position[result + c] === -1 || !beats(best[result + c]!, value)',
    tests: [KINKS],
  },
  {
    name: 'simplify: common subexpressions of different params are merged',
    file: 'src/ir/simplify.ts',
    find: 'formatParams(equation.params)}(',
    replace: "''}(",
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: different operations on the same operands are merged',
    file: 'src/ir/simplify.ts',
    find: 'equation.primitive.name}',
    replace: 'equation.inputs.length}',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: the order of operands never matters',
    file: 'src/ir/simplify.ts',
    find: 'if (equation.primitive.commutative) names.sort();',
    replace: 'names.sort();',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: −0 and 0 are one number',
    file: 'src/ir/simplify.ts',
    find: "Object.is(atom.value, -0) ? '-0' : atom.value",
    replace: 'atom.value',
    tests: [TRANSFORMS],
  },
  {
    name: 'simplify: x − (−0) is taken for x',
    file: 'src/ir/simplify.ts',
    find: 'if (Object.is(numberIn(y), rightIdentity)) return x;',
    replace: 'if (numberIn(y) === rightIdentity) return x;',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: 0 − x is taken for x',
    file: 'src/ir/simplify.ts',
    find: 'return commutative && Object.is',
    replace: 'return (commutative ?? true) && Object.is',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: constants are folded without rounding',
    file: 'src/ir/simplify.ts',
    find: "return dtype === 'f32' ? Math.fround(value) : value;",
    replace: 'return value;',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: a broadcast of a broadcast keeps the inner axes',
    file: 'src/ir/simplify.ts',
    find: '.map((axis) => outer[axis]!)',
    replace: '.map((axis) => (outer[axis] === undefined ? axis : axis))',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: what stops derivatives is dropped too early',
    file: 'src/ir/simplify.ts',
    find: '(transparent && final)',
    replace: '(transparent && (final || true))',
    tests: [SIMPLIFY],
  },
  {
    name: 'simplify: equal numbers of two dtypes are one',
    file: 'src/ir/simplify.ts',
    find: 'atom.aval.dtype}',
    replace: "''}",
    tests: [SIMPLIFY],
  },
  {
    name: 'call: an adjoint made for some results serves for others',
    file: 'src/ad/call.ts',
    find: '{wanted}`',
    replace: "{''}`",
    tests: [TRANSFORMS],
  },
  {
    name: 'call: a tangent made for some inputs serves for others',
    file: 'src/ad/call.ts',
    find: '{active}`',
    replace: "{''}`",
    tests: [TRANSFORMS],
  },
  {
    name: 'custom: the tangents reach the rule in the wrong order',
    file: 'src/ad/custom.ts',
    find: '...outputs, ...moved,',
    replace: '...outputs, ...moved.toReversed(),',
    tests: ['test/ad/custom.test.ts'],
  },
  {
    name: 'vmap: forgets what depends on the batch',
    file: 'src/ad/vmap.ts',
    find: 'for (const result of results) carrying.add(result);',
    replace: 'void results;',
    tests: ['test/ad/vmap.test.ts'],
  },
];
