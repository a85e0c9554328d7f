import { ConfigError, type Value } from '../ir/index.js';
import { add, matmul, mul, rsqrt, square, sum } from '../ops/index.js';
import { type DenseParams, dense } from './layers.js';
import type { Classifier, Model } from './model.js';

/** The last layer of a model whose parameters hold it as `head`. */
export const headOf = <P extends { readonly head: DenseParams }, S, X = Value>(
  features: Classifier<P, S, X>['features'],
): Classifier<P, S, X> => ({
  features,
  head: ({ head }) => head,
  withHead: (params, head) => ({ ...params, head }),
});

/** Logits of a model that ends in this layer. */
export const applyHead =
  <P, S, X>({ features, head }: Classifier<P, S, X>): Model<P, S, X>['apply'] =>
  (params, state, x, options) => {
    const below = features(params, state, x, options);
    return { logits: dense(below.features, head(params)), state: below.state };
  };

/** @throws {ConfigError} if the model does not end in a dense layer of its own */
export function classifierOf<P, S, X>({ name, classifier }: Model<P, S, X>, wish: string): Classifier<P, S, X> {
  if (classifier) return classifier;
  throw new ConfigError(
    `${wish}: needs a network that ends in a dense layer, and ${name} says of none; leave the method out`,
  );
}

/** Added to squared lengths, so that a feature vector of zeros has a direction's derivative too. */
const TINY = 1e-12;

const unit = (x: Value, axis: number): Value =>
  mul(x, rsqrt(add(sum(square(x), { axes: axis, keepDims: true }), TINY)));

/**
 * The model with the cosine classifier of LDAM (Cao et al. 2019) for its last layer: logit k is `scale` · cos(features, weight_k). It has the
 * same parameters; the bias is not used.
 * @throws {ConfigError} if the model does not end in a dense layer
 */
export function cosineClassifier<P, S, X>(model: Model<P, S, X>, scale: number): Model<P, S, X> {
  const classifier = classifierOf(model, 'cosine classifier');
  const { classifier: _, ...rest } = model;
  return {
    ...rest,
    name: `${model.name}-cosine`,
    apply(params, state, x, options) {
      const below = classifier.features(params, state, x, options);
      const cosines = matmul(unit(below.features, 1), unit(classifier.head(params).weight, 0));
      return { logits: mul(cosines, scale), state: below.state };
    },
  };
}

/** What {@link retrainedHead} trains, and how it becomes a head. */
export interface RetrainedHead<H> {
  /** @param trained as the first training left it @param fresh as it was before */
  init(trained: DenseParams, fresh: DenseParams): H;
  head(params: H, trained: DenseParams): DenseParams;
}

/**
 * A trained model of which only the last layer is trained on: its parameters are those of `options`, its body stands still and uses the running
 * statistics. A step costs one forward pass.
 * @throws {ConfigError} if the model does not end in a dense layer
 */
export function retrainedHead<P, S, H, X>(
  model: Model<P, S, X>,
  trained: { readonly params: P; readonly state: S },
  { init, head }: RetrainedHead<H>,
): Model<H, Record<string, never>, X> {
  const classifier = classifierOf(model, 'retraining the classifier');
  const own = classifier.head(trained.params);
  return {
    name: `${model.name}-head`,
    classes: model.classes,
    init: (random, dtype) => ({ params: init(own, classifier.head(model.init(random, dtype).params)), state: {} }),
    apply(params, state, x) {
      const { features } = classifier.features(trained.params, trained.state, x, { train: false });
      return { logits: dense(features, head(params, own)), state };
    },
  };
}
