import type { DType } from '../../src/ir/index.js';
import { memo } from '../../src/ir/index.js';
import { derivativeChecks, type Entry } from '../conformance/matrix.js';
import { prepareValue } from '../conformance/value-check.js';
import type { Prepared } from '../support/derivatives.js';

/** One check of a primitive: a sample's values, or its derivatives in every mode to second order and beyond. */
export interface Check {
  readonly name: string;
  readonly dtype: DType;
  readonly derivatives: boolean;
  /** Made once, whichever backend is tried first. */
  prepared(): Prepared;
}

const once = (make: () => Prepared): (() => Prepared) => {
  let made: Prepared | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const known = new Map<Entry, Check[]>();

/** Everything the matrix asks of a primitive. */
export const checksOf = (entry: Entry): Check[] =>
  memo(known, entry, () =>
    entry.family.samples.flatMap((sample): Check[] => [
      ...sample.dtypes.map((dtype) => ({
        name: `${sample.name}, value, ${dtype}`,
        dtype,
        derivatives: false,
        prepared: once(() => prepareValue(entry, sample, dtype)),
      })),
      ...derivativeChecks(entry, sample).map(({ name, dtype, prepare }) => ({
        name: `${sample.name}, ${name}`,
        dtype,
        derivatives: true,
        prepared: once(prepare),
      })),
    ]),
  );

/** Those that a backend of these dtypes can be asked. */
export const checksIn = (entry: Entry, dtypes: readonly DType[]): Check[] =>
  checksOf(entry).filter(({ dtype }) => dtypes.includes(dtype));
