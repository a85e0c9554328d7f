/** A loss to export: K rows of G numbers each; G = 1 without groups. */
export interface LearnedLoss {
  /** Training samples of each class. */
  readonly classCounts: readonly number[];
  /** What the groups are called; absent without groups. */
  readonly groups?: readonly string[];
  /** Δ: multiplies the logits. */
  readonly delta: readonly (readonly number[])[];
  /** ι: is added to them. */
  readonly iota: readonly (readonly number[])[];
  /** w: weight of a sample. */
  readonly weight: readonly (readonly number[])[];
}

/** What exported code says about itself. */
export interface Provenance {
  /** The file the numbers come from. */
  readonly source: string;
  readonly version: string;
}

/** `ℓ(y, f) = …` with the letters' meaning, for a comment in every language. */
export const FORMULA = '-w[y] * log softmax(delta * f + iota)[y]';

/** The lines with which every exported source begins, below its title. */
export function description({ classCounts, groups }: LearnedLoss, { source, version }: Provenance): string[] {
  return [
    `Learned by AutoBalance (Li et al. 2021) and exported by autobalance ${version} from ${onOneLine(source)}.`,
    `The loss is the mean over the batch of ${FORMULA}.`,
    ...(groups
      ? [
          `The group g of a sample selects the columns of delta, iota and w; groups: ${groups.map(onOneLine).join(', ')}.`,
        ]
      : []),
    `Training samples by class: ${classCounts.join(', ')}.`,
  ];
}

/** Names from outside must not end a comment or a string, nor turn the text around: such characters become spaces. */
const onOneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029"'`\\*]+/gu, ' ');

/** The table as source code: a list by class, or a list of lists; numbers with all their digits. */
export function tableSource(table: readonly (readonly number[])[], grouped: boolean, indent = '    '): string {
  const rows = table.map((numbers) => numbers.map(numberSource).join(', '));
  const lines = grouped
    ? rows.map((row) => `[${row}]`)
    : Array.from({ length: Math.ceil(rows.length / PER_LINE) }, (_, i) =>
        rows.slice(i * PER_LINE, (i + 1) * PER_LINE).join(', '),
      );
  return `[\n${lines.map((line) => `${indent}${line},\n`).join('')}]`;
}

const PER_LINE = 4;

/** With a point, so that no language takes it for a whole number. */
const numberSource = (number: number): string => {
  const text = String(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
};
