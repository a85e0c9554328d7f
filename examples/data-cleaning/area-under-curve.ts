/**
 * Area under the ROC curve: the share of pairs of a positive and a negative sample in which the positive one scores more, ties counting one
 * half (Mann and Whitney 1947).
 */
export function areaUnderCurve(scores: ArrayLike<number>, positive: readonly boolean[]): number {
  const order = Array.from(scores, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  let [positives, rankSum] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++;
    // Equal scores share the mean of their ranks from + 1 … to.
    const tied = order.slice(from, to).filter((i) => positive[i]).length;
    positives += tied;
    rankSum += (tied * (from + 1 + to)) / 2;
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}
