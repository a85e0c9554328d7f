import {
  add,
  type Batch,
  type Batches,
  BatchSampler,
  type BilevelProblem,
  ClassSampler,
  classCounts,
  classLoss,
  crossEntropyPerSample,
  type ExampleSplit,
  fixedLosses,
  type ImageDataset,
  longTailIndices,
  mean,
  measuredSource,
  movingLoss,
  mul,
  objectives,
  presets,
  Random,
  rawDelta,
  SgdPhase,
  type SmallCnnParams,
  type SmallCnnState,
  smallCnn,
  softplus,
  stratifiedSplit,
  tensor,
  trainPrograms,
  type Value,
} from 'autobalance';

/** What AutoBalance learns: ι itself, and the number whose softplus is Δ. */
export type Hyper = { readonly delta: Value; readonly iota: Value };

/** The neutral loss: Δ = 1, ι = 0. */
export const neutral = (classes: number, dtype: 'f32' | 'f64' = 'f32'): Hyper => ({
  delta: tensor(rawDelta(new Array<number>(classes).fill(1), 'softplus'), { dtype }),
  iota: tensor(new Array<number>(classes).fill(0), { dtype }),
});

/** The parametric cross-entropy of each sample. */
export const adjustedLosses = (logits: Value, { delta, iota }: Hyper, y: Value): Value =>
  crossEntropyPerSample(add(mul(logits, softplus(delta)), iota), y);

/** Images, labels, and the running statistics that the objective is evaluated with. */
export type NetworkBatch = Batch & { readonly state: SmallCnnState };

export interface TrainedNetwork {
  readonly problem: BilevelProblem<SmallCnnParams, Hyper, NetworkBatch>;
  readonly params: SmallCnnParams;
  readonly hyper: Hyper;
  /** Training batches, and validation batches with every class equally often. */
  readonly pools: Batches<NetworkBatch>;
  readonly examples: ExampleSplit<SmallCnnParams, Hyper, NetworkBatch>;
  /** Training samples of each class. */
  readonly counts: readonly number[];
  readonly trainLoss: number;
}

/** The small CNN on MNIST-LT after a few epochs under the neutral loss, as AutoBalance's search meets it when its warm-up ends. */
export async function trainNetwork(train: ImageDataset, seed: number, epochs: number): Promise<TrainedNetwork> {
  const { settings } = presets['mnist-lt']!;
  const training = { ...settings.training, epochs, warmupEpochs: 1 };
  const random = new Random(seed);
  const { labels, classes, imageShape } = train;
  const longTail = longTailIndices(labels, classes, settings.longTail!);
  const split = stratifiedSplit(labels, classes, settings.validationFraction, random.fork('split'), longTail);
  const source = measuredSource(train, { indices: longTail })(train);
  const counts = classCounts(labels, classes, split.train);

  const model = smallCnn({ classes, imageShape });
  const loss = classLoss(fixedLosses['cross-entropy'](counts));
  const phase = new SgdPhase({
    model,
    programs: trainPrograms(model, training),
    source,
    indices: split.train,
    settings: training,
    random: random.fork('train'),
    loss: movingLoss(() => loss),
  });
  let trainLoss = Number.NaN;
  while (phase.completedSteps < phase.totalSteps) trainLoss = (await phase.step()).epoch?.trainLoss ?? trainLoss;

  const { params, state } = phase.result;
  const outputs = (w: SmallCnnParams, batch: NetworkBatch): Value =>
    model.apply(w, batch.state, batch.x, { train: true }).logits;
  const head = (logits: Value, hyper: Hyper, { y }: NetworkBatch): Value => mean(adjustedLosses(logits, hyper, y));
  const inner = new BatchSampler(split.train, 128, random.fork('inner'), { dropLast: true });
  const outer = new ClassSampler(labels, split.validation, 120, random.fork('outer'));
  const draw = (count: number, sampler: { next(): Int32Array }): Promise<NetworkBatch[]> =>
    Promise.all(Array.from({ length: count }, async () => ({ ...(await source.batch(sampler.next())), state })));
  return {
    problem: {
      inner: (w, hyper, batch) => head(outputs(w, batch), hyper, batch),
      outer: (w, _, batch) =>
        objectives.calibrated(model.apply(w, batch.state, batch.x, { train: false }).logits, batch.y),
      head: { outputs, loss: head },
      weightDecay: training.weightDecay,
    },
    params,
    hyper: neutral(classes),
    pools: { inner: await draw(4, inner), outer: await draw(4, outer) },
    examples: {
      losses: (w, hyper, batch) => adjustedLosses(outputs(w, batch), hyper, batch.y),
      labels: ({ y }) => y.data(),
    },
    counts,
    trainLoss,
  };
}
