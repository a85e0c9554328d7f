import {
  compile,
  conjugateGradient,
  exp,
  grad,
  hypergradient,
  implicit,
  jvpProgram,
  linearize,
  linearizeProgram,
  mul,
  neumann,
  printProgram,
  simplify,
  sin,
  square,
  sub,
  sum,
  tensor,
  transposeProgram,
  type Value,
} from 'autobalance';

const f = (x: Value): Value => sum(mul(sin(x), x));
const x = tensor([0.5, 1, 2]);
const program = compile(f).program(x);
console.log(printProgram(program));

console.log(printProgram(simplify(jvpProgram(program, [true]).program)));

const { primal, tangent, residuals } = linearizeProgram(program, [true]);
console.log(printProgram(primal) + printProgram(tangent));

console.log(printProgram(transposeProgram(tangent, residuals)));
console.log(printProgram(compile(grad(f)).program(x)));

const at = linearize(grad(f), x);
console.log(printProgram(at.programs.tangent));
const direction = tensor([1, 0, -1]);
const byHand = (t: number, v: number): number => (2 * Math.cos(t) - t * Math.sin(t)) * v;
const product = at.jvp(direction).data();
console.log(Array.from(product, (value, i) => Math.abs(value - byHand(x.data()[i]!, direction.data()[i]!)) < 1e-6));

const h = tensor([1, 2, 10], { dtype: 'f64' });
const problem = {
  inner: (w: Value, gamma: Value) => sub(mul(sum(mul(h, square(w))), 0.5), mul(exp(gamma), sum(w))),
  outer: (w: Value) => mul(sum(square(sub(w, 1))), 0.5),
};
const gamma = 0.3;
const best = Array.from(h.data(), (curvature) => Math.exp(gamma) / curvature);
const point = {
  params: tensor(best, { dtype: 'f64' }),
  hyper: tensor(gamma, { dtype: 'f64' }),
  batches: { inner: [[]], outer: [[]] },
};
const exact = best.reduce((total, w) => total + (w - 1) * w, 0);

const solved = await hypergradient(problem, {
  ...point,
  method: implicit({ solver: conjugateGradient({ iterations: 10 }), damping: 0 }),
});
console.log(solved.status, Math.abs(solved.gradient.item() - exact) < 1e-12, solved.counts);
console.log(solved.ritzValues!.map((value) => value.toFixed(6)));

const method = (stepSize: number) => implicit({ solver: neumann({ terms: 5, stepSize }), damping: 0 });
const short = await hypergradient(problem, { ...point, method: method(0.1) });
console.log(short.status, short.residuals.map((residual) => residual.toFixed(3)).join(' '));
const wild = await hypergradient(problem, { ...point, method: method(1) });
console.log(wild.status, wild.gradient.item());
