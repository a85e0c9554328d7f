import type { LearnedAugmentation } from '../autobalance/index.js';
import { fixed, span } from '../report/format.js';
import { textTable } from '../report/table.js';

const whose: { readonly [L in LearnedAugmentation['by']]: string } = {
  shared: 'one policy for all images',
  class: 'a policy for each class',
  group: 'a policy for each group',
  'class-group': 'a policy for each class and group',
};

/** What was learned of augmentation; of several policies the least and the largest number. */
export function augmentationText({ by, operations }: LearnedAugmentation): string {
  const told = (values: readonly number[]): string => (values.length === 1 ? fixed(values[0], 2) : span(values));
  const table = textTable({
    columns: [
      { name: 'operation', text: true },
      { name: 'probability' },
      { name: 'magnitude' },
      { name: 'in', text: true },
    ],
    rows: operations.map(({ name, unit, probability, magnitude }) => [name, told(probability), told(magnitude), unit]),
  });
  return `Learned augmentation, ${whose[by]}\n${table}`;
}
