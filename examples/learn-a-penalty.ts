import {
  add,
  compile,
  conjugateGradient,
  exp,
  grad,
  hypergradient,
  implicit,
  matmul,
  mul,
  square,
  sub,
  sum,
  tensor,
  type Value,
} from 'autobalance';

type Data = { x: Value; y: Value };
const train = { x: tensor([1, 0, 1, 1, 1, 2, 1, 3], { shape: [4, 2] }), y: tensor([0, 2, 1, 5]) };
const heldOut = { x: tensor([1, 0.5, 1, 2.5], { shape: [2, 2] }), y: tensor([1, 2.4]) };

// Ridge regression whose penalty e^λ is learned: the fit should do well on the held-out data.
const squares = (w: Value, { x, y }: Data) => sum(square(sub(matmul(x, w), y)));
const inner = (w: Value, lambda: Value, data: Data) => add(squares(w, data), mul(exp(lambda), sum(square(w))));
const problem = { inner, outer: (w: Value, _: Value, data: Data) => squares(w, data) };
const descend = compile((w: Value, lambda: Value) => sub(w, mul(grad(inner)(w, lambda, train), 0.02)));

const method = implicit({ solver: conjugateGradient({ iterations: 5 }) });

export let [w, lambda]: Value[] = [tensor([0, 0]), tensor(-3)];
for (let round = 0; round < 40; round++) {
  for (let step = 0; step < 200; step++) w = descend(w, lambda);
  const batches = { inner: [train], outer: [heldOut] };
  const result = await hypergradient(problem, { params: w, hyper: lambda, batches, method });
  lambda = sub(lambda, result.gradient); // d held-out loss / dλ through the whole fit; status and residuals come with it
}
console.log(`penalty ${Math.exp(lambda.item())}, held-out loss ${squares(w, heldOut).item()}`);
