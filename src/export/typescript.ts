import { description, type LearnedLoss, type Provenance, tableSource } from './learned-loss.js';

/** A TypeScript module without imports: a function that gives the loss and its gradient. */
export function typescriptSource(loss: LearnedLoss, provenance: Provenance): string {
  const grouped = loss.groups !== undefined;
  const classes = loss.classCounts.length;
  const type = grouped ? 'readonly (readonly number[])[]' : 'readonly number[]';
  const at = (name: string, k: string): string => (grouped ? `${name}[${k}]![group]!` : `${name}[${k}]!`);
  return `/**
 * Parametric cross-entropy with learned numbers.
 *
${description(loss, provenance)
  .map((line) => ` * ${line}\n`)
  .join('')} */

export const CLASSES = ${classes};
${grouped ? `export const GROUPS = ${loss.groups!.length};\n` : ''}export const DELTA: ${type} = ${tableSource(loss.delta, grouped, '  ')};
export const IOTA: ${type} = ${tableSource(loss.iota, grouped, '  ')};
export const WEIGHT: ${type} = ${tableSource(loss.weight, grouped, '  ')};

export interface LossAndGradient {
  /** Mean over the batch. */
  readonly loss: number;
  /** Its gradient in the logits, [N, ${classes}] row by row. */
  readonly gradient: Float64Array;
}

/**
 * @param logits [N, ${classes}], row by row
 * @param labels [N], each 0 to ${classes - 1}
${grouped ? ` * @param groups [N], each 0 to ${loss.groups!.length - 1}\n` : ''} */
export function autobalanceLoss(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
${grouped ? '  groups: ArrayLike<number>,\n' : ''}): LossAndGradient {
  const samples = labels.length;
  if (samples === 0 || logits.length !== samples * CLASSES${grouped ? ' || groups.length !== samples' : ''}) {
    throw new RangeError(\`need ${classes} logits${grouped ? ' and a group' : ''} for each label and at least one label, got \${logits.length}${grouped ? ` and \${groups.length}` : ''} for \${samples}\`);
  }
  const gradient = new Float64Array(logits.length);
  let loss = 0;
  for (let i = 0; i < samples; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= CLASSES) throw new RangeError(\`label \${label} of sample \${i}\`);
${
  grouped
    ? `    const group = groups[i]!;
    if (!Number.isInteger(group) || group < 0 || group >= GROUPS) throw new RangeError(\`group \${group} of sample \${i}\`);
`
    : ''
}    const adjusted = (k: number): number => ${at('DELTA', 'k')} * logits[i * CLASSES + k]! + ${at('IOTA', 'k')};
    let largest = -Infinity;
    for (let k = 0; k < CLASSES; k++) largest = Math.max(largest, adjusted(k));
    let sum = 0;
    for (let k = 0; k < CLASSES; k++) sum += Math.exp(adjusted(k) - largest);
    const weight = ${at('WEIGHT', 'label')} / samples;
    loss += weight * (largest - adjusted(label) + Math.log(sum));
    for (let k = 0; k < CLASSES; k++) {
      const p = Math.exp(adjusted(k) - largest) / sum;
      gradient[i * CLASSES + k] = weight * ${at('DELTA', 'k')} * (p - (k === label ? 1 : 0));
    }
  }
  return { loss, gradient };
}
`;
}
