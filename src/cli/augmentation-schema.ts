import { z } from 'zod';
import { type AugmentOperationName, augmentOperations } from '../augment/index.js';
import type { AugmentationSettings, LearnedAugmentation, PolicyLayout } from '../autobalance/index.js';
import { choice, fraction, notNegative, number, orAuto, positive, section, set } from './rules.js';

const layouts = ['shared', 'class', 'group', 'class-group'] as const satisfies readonly PolicyLayout[];
const operationNames = Object.keys(augmentOperations) as [AugmentOperationName, ...AugmentOperationName[]];
const share = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
const flag = z.boolean({ error: 'must be true or false' });

/** What config.yaml says of augmentation policies to learn. */
export const augmentationSearch = section({
  by: choice(layouts),
  operations: set(choice(operationNames), operationNames.join(', ')).exactOptional(),
  spread: share.exactOptional(),
  temperature: positive.exactOptional(),
  straightThrough: flag.exactOptional(),
  probability: fraction.exactOptional(),
  strength: fraction.exactOptional(),
  learningRate: orAuto(positive, 'a positive number').exactOptional(),
}) satisfies z.ZodType<AugmentationSettings>;

/** What loss.json and summary.json say of those that were learned: a probability and a magnitude for each policy. */
export const learnedAugmentation: z.ZodType<LearnedAugmentation> = section({
  by: choice(layouts),
  spread: share,
  temperature: positive,
  straightThrough: flag,
  groups: z.array(z.string()).readonly().exactOptional(),
  operations: z
    .array(
      section({
        name: choice(operationNames),
        unit: z.string({ error: 'must be a text' }),
        probability: z.array(share, { error: 'must be a list of numbers' }).readonly(),
        magnitude: z.array(notNegative, { error: 'must be a list of numbers' }).readonly(),
      }),
      { error: 'must be a list of operations' },
    )
    .min(1, { error: 'must name at least one operation' })
    .readonly(),
});
