import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  batchProgram,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  linearizer,
  vjp,
  vmap,
} from '../../src/ad/index.js';
import { compile } from '../../src/backends/index.js';
import { ConfigError, type DType, type Primitive, printProgram, ShapeError, type Value } from '../../src/ir/index.js';
import type { constant, general, linear } from '../../src/ops/define.js';
import {
  add,
  concatenate,
  conv2d,
  exp,
  full,
  less,
  matmul,
  maxPool,
  mul,
  reshape,
  sin,
  slice,
  square,
  sub,
  sum,
  takeRows,
} from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { expectClose } from '../support/compare.js';
import { programOf } from '../support/programs.js';

const f64 = (values: readonly number[], shape: readonly number[] = [values.length]): Value =>
  tensor(values, { shape, dtype: 'f64' });
const counting = (shape: readonly number[], dtype: DType = 'f64'): Value => {
  const size = shape.reduce((n, extent) => n * extent, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => Math.sin(i + 1)),
    { shape, dtype },
  );
};
const rowOf = (x: Value, i: number): Value =>
  reshape(slice(x, [i, ...x.shape.slice(1).map(() => 0)], [i + 1, ...x.shape.slice(1)]), x.shape.slice(1));
/** fn row by row. */
const oneByOne = (fn: (x: Value) => Value, x: Value): Value =>
  concatenate(
    Array.from({ length: x.shape[0]! }, (_, i) => {
      const y = fn(rowOf(x, i));
      return reshape(y, [1, ...y.shape]);
    }),
  );
const expectSame = (got: Value, wanted: Value, relative = 0): void => {
  expect(got.aval).toEqual(wanted.aval);
  expectClose(got.data(), wanted.data(), { relative });
};

describe('vmap', () => {
  test('maps over the first axis of every leaf and gives it to every leaf of the result', () => {
    const fn = ({ a, b: [b] }: { a: Value; b: readonly [Value] }, c: Value) => ({
      dot: sum(mul(a, b)),
      parts: [add(a, c)] as const,
    });
    const [a, b, c] = [counting([3, 2]), counting([3, 2]), counting([3])];
    const { dot, parts } = vmap(fn)({ a, b: [b] }, c);
    expectSame(dot, sum(mul(a, b), { axes: 1 }));
    expectSame(parts[0], add(a, reshape(c, [3, 1])));
  });

  test('arguments with inAxes null are the same for every example, numbers included', () => {
    const fn = (scale: number | Value, x: Value, shift: Value) => add(mul(x, scale), shift);
    const [x, shift] = [counting([3, 2], 'f32'), counting([2], 'f32')];
    expectSame(vmap(fn, { inAxes: [null, 0, null] })(2, x, shift), add(mul(x, 2), shift));
  });

  test('results that do not depend on the example are repeated', () => {
    const [x, y] = [counting([3]), counting([2])];
    const results = vmap((x: Value, y: Value) => [x, y, exp(y), 7] as const, { inAxes: [0, null] })(x, y);
    const repeated = (row: Value) => add(full([3, 2], 0, 'f64'), row);
    expectSame(results[0], x);
    expectSame(results[1], repeated(y));
    expectSame(results[2], repeated(exp(y)));
    expectSame(results[3] as unknown as Value, full([3], 7, 'f32'));
  });

  test('what it closes over is the same for every example', () => {
    const [x, w] = [counting([3, 2]), counting([2])];
    expectSame(vmap((x: Value) => mul(x, w))(x), mul(x, w));
  });

  test('what does not depend on the example is computed once', () => {
    const program = programOf(
      (x, w) => [vmap((x: Value) => mul(x, exp(w!)))(x!)],
      [
        { shape: [5, 2], dtype: 'f64' },
        { shape: [2], dtype: 'f64' },
      ],
    );
    expect(printProgram(program)).toBe(
      'inputs a:f64[5, 2] b:f64[2]\n' +
        '  c:f64[2] = exp b\n' +
        '  d:f64[5, 2] = broadcast{shape=[5,2] axes=[1]} c\n' +
        '  e:f64[5, 2] = mul a d\n' +
        'outputs e\n',
    );
  });

  test('one example, and none', () => {
    const fn = (x: Value) => [sum(square(x)), less(x, 0)] as const;
    const [one, negative] = vmap(fn)(counting([1, 2]));
    expectSame(one, sum(square(counting([1, 2])), { axes: 1 }));
    expectSame(negative, less(counting([1, 2]), 0));
    const [none, nothing] = vmap(fn)(full([0, 2], 0, 'f64'));
    expect(none.aval).toEqual({ shape: [0], dtype: 'f64' });
    expect(nothing.aval).toEqual({ shape: [0, 2], dtype: 'bool' });
  });

  test('a batch of nothing has the gradient zero in what it shares', () => {
    const loss = (w: Value, x: Value) => sum(vmap((x: Value) => conv2d(x, w))(x));
    const gradient = grad(loss)(counting([3, 3, 2, 2]), full([0, 1, 4, 4, 2], 0, 'f64'));
    expectSame(gradient, full([3, 3, 2, 2], 0, 'f64'));
  });
});

describe('vmap composes', () => {
  const f = (w: Value, x: Value) => sum(sin(mul(exp(mul(w, x)), x)));
  const [w, x] = [counting([3]), counting([4, 3])];
  const overX = { inAxes: [null, 0] } as const;

  test('with grad, either inside or outside', () => {
    const each = vmap(grad(f), overX)(w, x);
    expectSame(
      each,
      oneByOne((row) => grad(f)(w, row), x),
      1e-14,
    );
    const total = grad((w: Value) => sum(vmap(f, overX)(w, x)))(w);
    expectSame(total, sum(each, { axes: 0 }), 1e-14);
    const inEach = grad((x: Value) => sum(vmap(f, overX)(w, x)))(x);
    expectSame(
      inEach,
      oneByOne((row) => grad(f, { argnums: 1 })(w, row), x),
      1e-14,
    );
  });

  test('with jvp and vjp, either inside or outside', () => {
    const v = counting([4, 3]);
    const along = (x: Value, v: Value) => jvp((x: Value) => f(w, x), [x], [v]).tangent;
    const inside = vmap(along)(x, v);
    const outside = jvp((x: Value) => vmap(f, overX)(w, x), [x], [v]).tangent;
    expectSame(inside, outside, 1e-13);
    const back = (x: Value, u: Value) => vjp((x: Value) => mul(x, f(w, x)), x).pullback(u)[0];
    const { pullback } = vjp((x: Value) => vmap((x: Value) => mul(x, f(w, x)))(x), x);
    expectSame(vmap(back)(x, v), pullback(v)[0], 1e-13);
  });

  test('with linearize, either inside or outside, also when the linearizer is made outside', () => {
    const [a, v] = [counting([4, 3]), counting([3])];
    const wanted = oneByOne((row) => linearize(square, row).jvp(v), a);
    expectSame(vmap((row: Value) => linearize(square, row).jvp(v))(a), wanted);
    const ready = linearizer(square);
    ready(v);
    expectSame(vmap((row: Value) => ready(row).jvp(v))(a), wanted);
    const repeated = add(full([4, 3], 0, 'f64'), v);
    expectSame(linearize(vmap(square), a).jvp(repeated), wanted);
  });

  test('with compile, either inside or outside', () => {
    const wanted = oneByOne((row) => f(w, row), x);
    expectSame(compile(vmap(f, overX))(w, x), wanted, 1e-14);
    expectSame(vmap(compile(f), overX)(w, x), wanted, 1e-14);
    const step = compile((w: Value, x: Value) => sub(w, sum(vmap(grad(f), overX)(w, x), { axes: 0 })));
    expectSame(step(w, x), sub(w, sum(vmap(grad(f), overX)(w, x), { axes: 0 })), 1e-14);
  });

  test('with second derivatives', () => {
    const v = counting([4, 3]);
    const product = (x: Value, v: Value) => hvp((x: Value) => f(w, x), x, v);
    const wanted = concatenate([0, 1, 2, 3].map((i) => reshape(product(rowOf(x, i), rowOf(v, i)), [1, 3])));
    expectSame(vmap(product)(x, v), wanted, 1e-13);
    expectSame(
      vmap(hessian((x: Value) => f(w, x)))(x),
      oneByOne(
        hessian((x: Value) => f(w, x)),
        x,
      ),
      1e-13,
    );
    const whole = hvp((x: Value) => sum(vmap(f, overX)(w, x)), x, v);
    expectSame(whole, wanted, 1e-13);
  });

  test('with jacobians: the rows of one are a batch of pullbacks', () => {
    const fn = (x: Value) => mul(sin(x), sum(x));
    const point = counting([3]);
    const units = f64([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);
    const { pullback } = vjp(fn, point);
    expectSame(vmap((u: Value) => pullback(u)[0])(units), jacobian(fn)(point) as Value, 1e-15);
  });

  test('with itself: every pair of two batches, in both orders', () => {
    const [a, b] = [counting([2, 3]), counting([4, 3])];
    const inner = (x: Value, y: Value) => sum(mul(exp(x), y));
    const rows = vmap((x: Value) => vmap((y: Value) => inner(x, y))(b))(a);
    const columns = vmap((y: Value) => vmap((x: Value) => inner(x, y))(a))(b);
    expectSame(rows, matmul(exp(a), b, { transB: true }), 1e-15);
    expectSame(columns, matmul(b, exp(a), { transB: true }), 1e-15);
    const curried = vmap(vmap(inner, { inAxes: [0, null] }), { inAxes: [null, 0] });
    expectSame(curried(a, b), columns);
    expectSame(
      vmap(vmap(inner))(counting([2, 4, 3]), counting([2, 4, 3])),
      sum(mul(exp(counting([2, 4, 3])), counting([2, 4, 3])), { axes: 2 }),
      1e-15,
    );
  });

  test('with itself around a network: models by examples', () => {
    const net = (filter: Value, table: Value, x: Value, label: Value) => {
      const h = maxPool(conv2d(reshape(x, [1, 4, 4, 2]), filter), { window: 2 });
      return sum(mul(reshape(h, [12]), takeRows(table, label)));
    };
    const filters = counting([2, 3, 3, 2, 3]);
    const tables = counting([2, 5, 12]);
    const images = counting([3, 4, 4, 2]);
    const labels = tensor([4, 0, 7], { dtype: 'i32' });
    const slope = grad(net);
    const ofImages = vmap(slope, { inAxes: [null, null, 0, 0] });
    const got = vmap(ofImages, { inAxes: [0, 0, null, null] })(filters, tables, images, labels);
    const ofModels = vmap(slope, { inAxes: [0, 0, null, null] });
    const turned = vmap(ofModels, { inAxes: [null, null, 0, 0] })(filters, tables, images, labels);
    for (let m = 0; m < 2; m++) {
      for (let n = 0; n < 3; n++) {
        const wanted = slope(rowOf(filters, m), rowOf(tables, m), rowOf(images, n), rowOf(labels, n));
        expectClose(rowOf(rowOf(got, m), n).data(), wanted.data(), { relative: 1e-13, absolute: 1e-14 });
        expectClose(rowOf(rowOf(turned, n), m).data(), wanted.data(), { relative: 1e-13, absolute: 1e-14 });
      }
    }
  });
});

/** The equations of vmap(fn) at a batch of 6, by name and the shape of their results. */
const equationsOf = (
  fn: (...x: Value[]) => Value,
  shapes: readonly (readonly number[])[],
  carry: readonly boolean[],
) => {
  const program = programOf(
    (...x) => [fn(...x)],
    shapes.map((shape) => ({ shape, dtype: 'f64' })),
  );
  return batchProgram(program, carry, 6).equations.map(
    ({ primitive, outputs }) => `${primitive.name} ${outputs[0]!.aval.shape.join('×')}`,
  );
};

describe('a batch joins an axis that is there already', () => {
  const product = (a: Value, b: Value) => matmul(a, b);

  test('rows times a shared matrix are one product', () => {
    expect(
      equationsOf(
        product,
        [
          [3, 4],
          [4, 5],
        ],
        [true, false],
      ),
    ).toEqual(['reshape 18×4', 'dot 18×5', 'reshape 6×3×5']);
  });

  test('a shared matrix times vectors is one product, with nothing turned', () => {
    expect(equationsOf(product, [[3, 4], [4]], [false, true])).toEqual(['dot 6×3']);
  });

  test('a shared matrix is copied where turning the batch would move more', () => {
    expect(
      equationsOf(
        product,
        [
          [3, 4],
          [4, 5],
        ],
        [false, true],
      ),
    ).toEqual(['broadcast 6×3×4', 'dot 6×3×5']);
    expect(
      equationsOf(
        product,
        [
          [30, 40],
          [40, 2],
        ],
        [false, true],
      ),
    ).toContain('dot 12×30');
  });

  test('rows for a stack of shared matrices join the rows of each', () => {
    const shapes = [
      [2, 1, 4],
      [2, 4, 5],
    ];
    expect(equationsOf(product, shapes, [true, false])).toContain('dot 2×6×5');
    expect(equationsOf(product, shapes, [true, false])).not.toContain('broadcast 6×2×4×5');
    const [rows, stacked] = [counting([6, 2, 1, 4]), counting([2, 4, 5])];
    expectSame(
      vmap(product, { inAxes: [0, null] })(rows, stacked),
      oneByOne((row) => matmul(row, stacked), rows),
      1e-14,
    );
    const [shared, columns] = [counting([2, 5, 4]), counting([6, 2, 4, 1])];
    expectSame(
      vmap(product, { inAxes: [null, 0] })(shared, columns),
      oneByOne((column) => matmul(shared, column), columns),
      1e-14,
    );
  });

  test('two batches of matrices are what dot takes anyway', () => {
    expect(
      equationsOf(
        product,
        [
          [3, 4],
          [4, 5],
        ],
        [true, true],
      ),
    ).toEqual(['dot 6×3×5']);
  });

  test('batches of images under a shared filter are more images', () => {
    expect(
      equationsOf(
        (x, f) => conv2d(x, f),
        [
          [2, 5, 5, 3],
          [3, 3, 3, 4],
        ],
        [true, false],
      ),
    ).toEqual(['reshape 12×5×5×3', 'conv2d 12×5×5×4', 'reshape 6×2×5×5×4']);
  });
});

describe('takeRows of a batch of tables', () => {
  const tables = f64([1, 2, 3, 4], [2, 2]);

  test('does not reach into the neighbouring table', () => {
    const index = tensor([-1, 0, 1, 2], { dtype: 'i32' });
    const got = vmap((table: Value) => takeRows(table, index))(tables);
    expect([...got.data()]).toEqual([0, 1, 2, 0, 0, 3, 4, 0]);
  });

  test('is not fooled by an index that would wrap around', () => {
    const index = tensor([2 ** 31 - 1, 2 ** 31 - 2, -(2 ** 31)], { dtype: 'i32' });
    const got = vmap((table: Value) => takeRows(table, index))(tables);
    expect([...got.data()]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('refuses more rows than an index counts', () => {
    const program = programOf(
      (table, index) => [takeRows(table!, index!)],
      [
        { shape: [2 ** 20], dtype: 'u8' },
        { shape: [], dtype: 'i32' },
      ],
    );
    expect(() => batchProgram(program, [true, false], 2 ** 11)).toThrow(ShapeError);
    expect(() => batchProgram(program, [true, false], 2 ** 11)).toThrow(
      'takeRows: a batch of 2048 tables of 1048576 rows has more rows than an i32 index counts; map over fewer at once',
    );
  });
});

describe('vmap refuses', () => {
  const two = (x: Value, y: Value) => add(x, y);
  const [a, b] = [counting([3, 2]), counting([4, 2])];

  test('leaves that disagree on the batch', () => {
    expect(() => vmap(two)(a, b)).toThrow(ShapeError);
    expect(() => vmap(two)(a, b)).toThrow(
      'vmap: batched leaves must agree in their first extent, leaf 0 of argument 0 is f64[3, 2], leaf 0 of argument 1 is f64[4, 2]; ' +
        'pass what all examples share with inAxes null',
    );
  });

  test('scalars that should carry a batch', () => {
    expect(() => vmap(two)(a, full([], 1, 'f64'))).toThrow(ShapeError);
    expect(() => vmap(two)(a, full([], 1, 'f64'))).toThrow(/leaf 0 of argument 1 is a scalar f64\[\]/);
  });

  test('to map over nothing', () => {
    expect(() => vmap(two, { inAxes: [null, null] })(a, b)).toThrow(ConfigError);
    expect(() => vmap(() => a)()).toThrow(/no argument carries a batch axis/);
  });

  test('inAxes that do not fit', () => {
    expect(() => vmap(two, { inAxes: [0] })(a, a)).toThrow(
      'vmap: inAxes has 1 entries for 2 arguments; give one for each',
    );
    expect(() => vmap(two, { inAxes: [0, 1 as 0] })(a, a)).toThrow(ConfigError);
    expect(() => vmap(two, { inAxes: [0, 1 as 0] })(a, a)).toThrow(/0 or null, got 1/);
  });

  test('what fn itself refuses, in terms of one example', () => {
    expect(() => vmap((x: Value) => matmul(x, counting([3])))(a)).toThrow(/inner extents must agree, got 2 and 3/);
  });
});

describe('a primitive without a batch rule does not compile', () => {
  test('neither written out nor through a definer', () => {
    expectTypeOf<Omit<Primitive, 'batch'>>().not.toExtend<Primitive>();
    type Infer = { infer: () => { shape: []; dtype: 'f32' } };
    type Adjoint = { transpose: () => [] };
    type Tangent = { jvp: () => null };
    type Linear = Parameters<typeof linear>[1];
    type General = Parameters<typeof general>[1];
    type Constant = Parameters<typeof constant>[1];
    expectTypeOf<Infer & Adjoint>().not.toExtend<Linear>();
    expectTypeOf<Infer & Adjoint & { category: 'opaque' }>().not.toExtend<Linear>();
    expectTypeOf<Infer & Adjoint & { category: 'elementwise' }>().toExtend<Linear>();
    expectTypeOf<Infer & Adjoint & { batch: () => Value }>().toExtend<Linear>();
    expectTypeOf<Infer & Tangent>().not.toExtend<General>();
    expectTypeOf<Infer & Tangent & { lift: () => object & { [key: string]: number } }>().toExtend<General>();
    expectTypeOf<Infer>().not.toExtend<Constant>();
    expectTypeOf<Infer & { category: 'elementwise' }>().toExtend<Constant>();
  });
});
