/** Mean of the numbers that exist; NaN if none does. */
export function meanOfPresent(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.reduce((sum, value) => sum + value, 0) / present.length;
}

/** Σ w v / Σ w; without weights the plain mean. */
export function weightedMean(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * values[i]!;
    total += weight;
  }
  return sum / total;
}
