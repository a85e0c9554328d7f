import { type BilevelProblem, compile, grad, hypergradient, tensor, type Value } from 'autobalance';
import { add, exp, matmul, mul, square, sub, sum } from 'autobalance';

type Data = { x: Value; y: Value };
const train = {
  x: tensor([
    [1, 0],
    [1, 1],
    [1, 2],
    [1, 3],
  ]),
  y: tensor([0, 2, 1, 5]),
};
const heldOut = {
  x: tensor([
    [1, 0.5],
    [1, 2.5],
  ]),
  y: tensor([1, 2.4]),
};

// Ridge regression whose penalty e^λ is learned: the fit should do well on the held-out data.
const squares = (w: Value, { x, y }: Data) => sum(square(sub(matmul(x, w), y)));
const problem: BilevelProblem<Value, Value, Data> = {
  inner: (w, lambda, data) => add(squares(w, data), mul(exp(lambda), sum(square(w)))),
  outer: (w, _, data) => squares(w, data),
};
const descend = compile((w: Value, lambda: Value) => sub(w, mul(grad(problem.inner)(w, lambda, train), 0.02)));

export let w: Value = tensor([0, 0]);
export let lambda: Value = tensor(-3);
for (let round = 0; round < 40; round++) {
  for (let step = 0; step < 200; step++) w = descend(w, lambda);
  const batches = { innerBatches: [train], outerBatches: [heldOut] };
  const result = await hypergradient(problem, {
    params: w,
    hyper: lambda,
    method: { solver: 'cg', iterations: 5 },
    ...batches,
  });
  lambda = sub(lambda, result.gradient); // dOuter/dλ through the whole fit, status and residuals with it
}
console.log(`penalty ${Math.exp(lambda.item())}, held-out loss ${squares(w, heldOut).item()}`);
