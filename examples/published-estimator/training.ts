import {
  type Batch,
  BatchSampler,
  type BilevelProblem,
  ClassSampler,
  classLoss,
  crossEntropy,
  fixedLosses,
  type ImageDataset,
  longTailIndices,
  mapTrees,
  measuredSource,
  movingLoss,
  type PointOptions,
  parametricCrossEntropy,
  presets,
  Random,
  SgdPhase,
  type SmallCnnParams,
  type SmallCnnState,
  smallCnn,
  stratifiedSplit,
  tensor,
  trainPrograms,
  type Value,
} from 'autobalance';

type Loss = { readonly delta: Value; readonly iota: Value };
type Data = Batch & { readonly state: SmallCnnState };

/** The search's problem as the paper has it, with the neutral loss: λ = (Δ, ι). */
export interface Setting {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly problem: BilevelProblem<SmallCnnParams, Loss, Data>;
  readonly options: PointOptions<SmallCnnParams, Loss, Data>;
}

export interface TrainingOptions {
  readonly channels: readonly number[];
  readonly epochs: number;
  readonly seed: number;
  /** Epochs after which to look. */
  readonly at: ReadonlySet<number>;
}

/** Everything in f64, so that a solver's residual can be trusted. */
const widened = <T>(tree: T): T => mapTrees((x) => tensor(Float64Array.from(x.data()), { shape: x.shape }), tree);

/**
 * Trains the small CNN on MNIST-LT (n₀ = 5000, imbalance 100; a fifth held out) under the neutral loss and stops at the chosen epochs: one
 * training batch of 128 behind H and the mixed term, one class-balanced validation batch of 120 behind the objective, the same at every stop.
 */
export async function* train(
  { train: data }: { readonly train: ImageDataset },
  { channels, epochs, seed, at }: TrainingOptions,
): AsyncGenerator<Setting> {
  const { settings } = presets['mnist-lt']!;
  const { classes, labels, imageShape } = data;
  const random = new Random(seed, 'published estimator');
  const longTail = longTailIndices(labels, classes, settings.longTail!);
  const split = stratifiedSplit(labels, classes, 0.2, random.fork('split'), longTail);
  const source = measuredSource(data, { indices: longTail })(data);
  const model = smallCnn({ classes, imageShape, channels });
  const training = { ...settings.training, epochs };
  const neutral = classLoss(fixedLosses['cross-entropy'](new Array<number>(classes).fill(1)));
  const phase = new SgdPhase({
    model,
    programs: trainPrograms(model, training),
    source,
    indices: split.train,
    settings: training,
    random,
    loss: movingLoss(() => neutral),
  });
  const draw = async (sampler: { next(): Int32Array }): Promise<Batch> => {
    const { x, y, g } = await source.batch(sampler.next());
    return { x: widened(x), y, g };
  };
  const inner = await draw(new BatchSampler(split.train, 128, random.fork('inner'), { dropLast: true }));
  const outer = await draw(new ClassSampler(labels, split.validation, 120, random.fork('outer')));
  const { delta, iota, weight } = widened(neutral);
  const outputs = (params: SmallCnnParams, { x, state }: Data): Value =>
    model.apply(params, state, x, { train: true }).logits;
  const loss = (logits: Value, learned: Loss, { y }: Data): Value =>
    parametricCrossEntropy(logits, y, { ...learned, weight });
  const problem: BilevelProblem<SmallCnnParams, Loss, Data> = {
    inner: (params, learned, batch) => loss(outputs(params, batch), learned, batch),
    outer: (params, _, { x, y, state }) => crossEntropy(model.apply(params, state, x, { train: false }).logits, y),
    head: { outputs, loss },
    weightDecay: training.weightDecay,
  };
  while (phase.completedSteps < phase.totalSteps) {
    const { epoch } = await phase.step();
    if (!epoch || !at.has(epoch.epoch)) continue;
    const { params, state } = widened({ params: phase.result.params, state: phase.result.state });
    yield {
      epoch: epoch.epoch,
      trainLoss: epoch.trainLoss,
      problem,
      options: {
        params,
        hyper: { delta, iota },
        batches: { inner: [{ ...inner, state }], outer: [{ ...outer, state }] },
      },
    };
  }
}
