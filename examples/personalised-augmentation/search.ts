import {
  type AugmentationPolicy,
  add,
  type BilevelProblem,
  ClassSampler,
  compile,
  crossEntropy,
  type Hypergradient,
  hypergradient,
  type ImplicitState,
  initPolicy,
  initSharedAdam,
  mapTrees,
  methodOf,
  mul,
  type PolicyParams,
  Random,
  type SharedAdamState,
  type SolverSettings,
  sharedAdam,
  type Value,
} from 'autobalance';
import type { Images } from './samples.js';
import {
  type AugmentedBatch,
  AugmentedBatches,
  augmented,
  type Batch,
  batchOf,
  initTraining,
  type Network,
  type TrainSettings,
  type TrainState,
  trainingStep,
} from './training.js';

export interface SearchSettings extends TrainSettings {
  /** Epochs that train θ alone before the policy moves. */
  readonly warmupEpochs: number;
  /** Steps of θ between two hypergradients. */
  readonly interval: number;
  /** Training batches behind the Hessian, behind the mixed product, and validation batches behind the objective. */
  readonly innerBatches: number;
  readonly mixedBatches: number;
  readonly outerBatches: number;
  /** How the linear system is solved. */
  readonly method: SolverSettings;
  /** Of Adam on the policy: about the most that one of its numbers moves in one step. */
  readonly policyRate: number;
  /** Hypergradients between two estimates of the spectrum. */
  readonly spectrumInterval: number;
}

/** A batch, and the running statistics that the objective is evaluated with. */
type SearchBatch = (Batch | AugmentedBatch) & { readonly state: unknown };

/**
 * The policy enters before the network: θ answers it through every layer, and so does the mixed product.
 *
 *     min_α  CE(θ*(α); validation)      subject to   θ*(α) = argmin_θ  CE(θ; augmented by α) + (c/2)‖θ‖²
 */
export const policyProblem = (
  model: Network,
  policy: AugmentationPolicy,
  weightDecay: number,
): BilevelProblem<unknown, PolicyParams, SearchBatch> => ({
  inner: (params, policyParams, batch) => {
    const x = augmented(policy, policyParams, batch as AugmentedBatch);
    return crossEntropy(model.apply(params, batch.state, x, { train: true }).logits, batch.y);
  },
  outer: (params, _, { x, y, state }) => crossEntropy(model.apply(params, state, x, { train: false }).logits, y),
  weightDecay,
});

export type Round = {
  readonly step: number;
  readonly result: Hypergradient<unknown, PolicyParams, SearchBatch, ImplicitState>;
  /** After the step along it. */
  readonly policyParams: PolicyParams;
  readonly state: TrainState;
};

const move = compile(
  (
    params: PolicyParams,
    gradient: PolicyParams,
    moments: SharedAdamState<PolicyParams>,
    learningRate: Value | number,
  ) => sharedAdam(params, gradient, moments, { learningRate }),
);
const addTo = (a: PolicyParams, b: PolicyParams): PolicyParams => mapTrees((x, y) => add(x, y), a, b);

/**
 * Learns a policy: steps of SGD on θ, and after the warm-up every `interval` steps one of Adam on the policy along the hypergradient of the
 * validation loss. Returns the mean of the policy over the second half of its steps.
 */
export async function learnPolicy(
  model: Network,
  policy: AugmentationPolicy,
  { train, validation }: { readonly train: Images; readonly validation: Images },
  settings: SearchSettings,
  seed: number,
  onRound: (round: Round) => void = () => {},
): Promise<PolicyParams> {
  const random = new Random(seed, 'search');
  const batches = new AugmentedBatches(train, policy, settings.batchSize, random.fork('steps'));
  const again = new AugmentedBatches(train, policy, settings.batchSize, random.fork('hypergradients'));
  const held = new ClassSampler(
    validation.y,
    validation.y.map((_, i) => i),
    settings.batchSize,
    random.fork('validation'),
  );
  const step = trainingStep(model, policy, settings);
  const problem = policyProblem(model, policy, settings.weightDecay);
  const method = methodOf(settings.method);
  let state = initTraining(model, random.fork('weights'));
  let policyParams = initPolicy(policy);
  let moments = initSharedAdam(policyParams);
  let known: ImplicitState | undefined;
  let total: PolicyParams | undefined;
  let counted = 0;
  const steps = settings.epochs * batches.perEpoch;
  const first = settings.warmupEpochs * batches.perEpoch;
  const rounds = Math.floor((steps - first) / settings.interval);
  let round = 0;
  for (let i = 0; i < steps; i++) {
    state = (await step.async(state, policyParams, batches.next(), settings.learningRate)).train;
    if (i < first || (i + 1 - first) % settings.interval !== 0) continue;
    const draw = (count: number): SearchBatch[] =>
      Array.from({ length: count }, () => ({ ...again.next(), state: state.state }));
    const result = await hypergradient(problem, {
      params: state.params,
      hyper: policyParams,
      batches: {
        inner: draw(settings.innerBatches),
        mixed: draw(settings.mixedBatches),
        outer: Array.from({ length: settings.outerBatches }, () => ({
          ...batchOf(validation, held.next()),
          state: state.state,
        })),
      },
      method,
      state: known,
    });
    round += 1;
    const { spectrum } = result.state;
    known = spectrum && round % settings.spectrumInterval !== 0 ? { spectrum } : undefined;
    // A solve that failed says nothing about the policy.
    if (result.status !== 'diverged') {
      const next = move(policyParams, result.gradient, moments, settings.policyRate);
      [policyParams, moments] = [next.params, next.state];
    }
    if (round > rounds / 2) {
      total = total ? addTo(total, policyParams) : policyParams;
      counted += 1;
    }
    onRound({ step: i + 1, result, policyParams, state });
  }
  return total ? mapTrees((x) => mul(x, 1 / counted), total) : policyParams;
}
