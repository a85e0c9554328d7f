import {
  type Batch,
  classLoss,
  compile,
  crossEntropy,
  fixedLosses,
  grad,
  initTraining,
  linearizer,
  Random,
  ravel,
  smallCnn,
  tensor,
  trainPrograms,
  useBackend,
  type Value,
  valueAndGrad,
} from '../src/index.js';
import { measure } from './measure.js';
import type { Case } from './report.js';

const BATCH = 128;

/** The main job's network and a batch of noise. */
function setUp() {
  const model = smallCnn({ classes: 10, imageShape: [28, 28, 1] });
  const random = new Random(3);
  const x = tensor(
    Float32Array.from({ length: BATCH * 784 }, () => random.normal()),
    { shape: [BATCH, 28, 28, 1] },
  );
  const y = tensor(
    Int32Array.from({ length: BATCH }, () => random.integer(10)),
    { dtype: 'i32' },
  );
  const { params, state } = model.init(random);
  return { model, params, state, batch: { x, y } satisfies Batch };
}

/** One training step (forward, backward, momentum SGD) of the small CNN, batch 128, on both backends. */
export function stepCases(): Case[] {
  const { model, params, state, batch } = setUp();
  const { step } = trainPrograms(model, { momentum: 0.9, weightDecay: 1e-4 });
  const train = initTraining({ params, state });
  const loss = classLoss(fixedLosses['cross-entropy'](new Array<number>(10).fill(1)));
  return ['native', 'typescript'].map((backend) => {
    useBackend(backend);
    const timed = measure(`small CNN step, batch ${BATCH}, ${backend}`, () => step(train, batch, loss, 0.1), 3);
    useBackend('native');
    return { suite: 'step', ...timed };
  });
}

/** A gradient, a linearization of the gradient, and a Hessian product from the kept residuals. */
export function hypergradientCases(): Case[] {
  const { model, params, state, batch } = setUp();
  const objective = (p: typeof params, { x, y }: Batch): Value =>
    crossEntropy(model.apply(p, state, x, { train: true }).logits, y);
  const gradient = compile(valueAndGrad(objective));
  const linearized = linearizer(
    (v: Value, like: typeof params, b: Batch) =>
      ravel(grad((p: typeof params) => objective(p, b))(ravel(like).unravel(v))).vector,
    { argnums: [0] },
  );
  const { vector } = ravel(params);
  const at = linearized(vector, params, batch);
  return [
    measure('gradient', () => gradient(params, batch), 2),
    measure('linearize the gradient', () => linearized(vector, params, batch), 2),
    measure('Hessian product from the kept linearization', () => at.jvp(vector), 2),
  ].map((timed) => ({ suite: 'hypergradient', ...timed }));
}
