import type { Value } from '../../ir/index.js';
import { add, greater, log, logSumExp, maximum, mul, neg, select, sub, sum } from '../../ops/index.js';

/** Stands for −∞ where it must stay finite; exp of it is 0 in every precision. */
const LOWEST = -1e30;

/**
 * T·log( mean of e^{x/T} over what is present ) along the last axis: between mean and maximum, tends to the maximum as T → 0, and is x where
 * all are x. Its gradient is softmax(x/T). 0 where nothing is present.
 * @param values [..., M]
 * @param present bool, the same shape
 * @param temperature T, in the units of `values`
 */
export function smoothMaximum(values: Value, present: Value, temperature: number): Value {
  const axes = values.rank - 1;
  const scaled = select(present, mul(values, 1 / temperature), LOWEST);
  const count = sum(select(present, add(mul(values, 0), 1), 0), { axes });
  const largest = mul(sub(logSumExp(scaled, { axes }), log(maximum(count, 1))), temperature);
  return select(greater(count, 0), largest, 0);
}

/**
 * Smooth maximum less smooth minimum along the last axis: 0 where all are alike (or fewer than two present), never negative, smooth. Of two
 * numbers at distance d it is 2T·log cosh(d / 2T), which is |d| − 2T·log 2 far from 0.
 */
export const smoothSpread = (values: Value, present: Value, temperature: number): Value =>
  add(smoothMaximum(values, present, temperature), smoothMaximum(neg(values), present, temperature));
