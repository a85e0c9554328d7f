import { formatAval, ShapeError, type Value } from '../ir/index.js';
import { add, greaterEqual, less, logicalAnd, mul, reshape, select, sigmoid, slice, takeRows } from '../ops/index.js';
import { filled } from '../tensor/index.js';
import type { AugmentOperation } from './operation.js';
import { fromPlanes, perImage, toPlanes } from './planes.js';
import { type AugmentationPolicy, learnedMagnitudes, type PolicyParams, requireParams } from './policy.js';
import type { AugmentationRandomness } from './randomness.js';
import { relaxedBernoulli } from './relaxed-bernoulli.js';

/**
 * Personalised data augmentation (Li et al. 2021, section 3): every image goes through the operations of the policy of its own cell,
 *
 *     x ← s·op_μ(x) + (1 − s)·x = x + s·(op_μ(x) − x),      s relaxed Bernoulli of the cell's probability,  μ the cell's magnitude
 *
 * one after another. Differentiable in the parameters at any order, and in the images; s and μ of one image depend on its own cell alone.
 * Augment pixels before they are normalised: what comes in from outside an image is 0, black.
 *
 * @param images [N, H, W, C]
 * @param cells i32 [N]: the class or the group of each image. One outside 0 … cells − 1 is left as it is.
 * @throws {ShapeError} if the parameters or the randomness are of another policy or another batch.
 */
export function pdaTransform(
  policy: AugmentationPolicy,
  params: PolicyParams,
  images: Value,
  cells: Value,
  randomness: AugmentationRandomness,
): Value {
  requireParams(policy, params);
  requireBatch(policy, images, cells, randomness);
  const { gates, amounts, uniforms, tables } = randomness;
  const count = images.shape[0]!;
  const column = (table: Value, i: number): Value => reshape(slice(table, [0, i], [count, i + 1]), [count]);
  const known = logicalAnd(greaterEqual(cells, 0), less(cells, policy.cells));
  const chances = select(reshape(known, [count, 1]), relaxedBernoulli(takeRows(params.logit, cells), gates, policy), 0);
  const shares = sigmoid(takeRows(params.strength, cells));
  const learned = learnedMagnitudes(policy);
  let drawn = 0;
  let x = toPlanes(images);
  policy.operations.forEach((operation, i) => {
    const share = operation.differentiable
      ? column(shares, learned.indexOf(operation))
      : filled([count], 1, images.dtype);
    const table = tables[operation.name];
    const change = operation.change(x, {
      magnitude: mul(inRange(operation, share), column(amounts, i)),
      uniforms: Array.from({ length: operation.draws }, () => column(uniforms, drawn++)),
      ...(table && { table }),
    });
    x = add(x, mul(change, perImage(column(chances, i))));
  });
  return fromPlanes(x);
}

const inRange = ({ range: [least, most] }: AugmentOperation, share: Value): Value => {
  const scaled = mul(share, most - least);
  return least === 0 ? scaled : add(scaled, least);
};

function requireBatch(
  { operations }: AugmentationPolicy,
  images: Value,
  cells: Value,
  { gates, amounts, uniforms, tables }: AugmentationRandomness,
): void {
  if (images.rank !== 4) {
    throw new ShapeError(`pdaTransform: images must be [N, H, W, C], got ${formatAval(images.aval)}`);
  }
  const count = images.shape[0]!;
  const draws = operations.reduce((total, operation) => total + operation.draws, 0);
  const expected: [string, Value, readonly number[]][] = [
    ['cells', cells, [count]],
    ['gates', gates, [count, operations.length]],
    ['amounts', amounts, [count, operations.length]],
    ['uniforms', uniforms, [count, draws]],
  ];
  for (const [name, value, shape] of expected) {
    if (value.shape.join() === shape.join()) continue;
    throw new ShapeError(
      `pdaTransform: ${name} must be [${shape.join(', ')}] for these images and this policy, got ${formatAval(value.aval)}; draw the ` +
        'randomness with an AugmentationNoise of this policy',
    );
  }
  const without = operations.find(({ name, table }) => table && !tables[name]);
  if (without)
    throw new ShapeError(`pdaTransform: the randomness has no table for ${without.name}; draw it with this policy`);
}
