import { ConfigError } from '../../ir/index.js';

/** Classes that share their parameters: for each class the number of its cluster, 0 … C−1, each used. */
export type Clusters = readonly number[];

/** How clusters are asked for: runs of so many classes by frequency, or given. */
export type ClusterSettings = { readonly size: number } | { readonly of: Clusters };

/** How a value per cluster becomes one per class when it is trained under. */
export type Expansion = 'constant' | 'interpolated';

/**
 * Classes sorted by falling frequency (ties by number) and cut into runs of `size`; the last may be shorter. The published sizes are 1 for
 * CIFAR-10, 10 for CIFAR-100, 20 for ImageNet-LT, 40 for iNaturalist.
 * @throws {ConfigError} unless `size` is an integer from 1
 */
export function clustersByFrequency(counts: readonly number[], size: number): Clusters {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new ConfigError(`clusters: the size must be an integer of at least 1, got ${size}`);
  }
  const clusters = new Array<number>(counts.length);
  counts
    .map((_, k) => k)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .forEach((k, rank) => {
      clusters[k] = Math.floor(rank / size);
    });
  return clusters;
}

/** Number of clusters. @throws {ConfigError} unless there is one for each class and they are 0 … C−1 without a gap. */
export function clusterCount(clusters: Clusters, classes: number): number {
  const count = Math.max(...clusters) + 1;
  const used = new Set(clusters);
  const whole = clusters.every((cluster) => Number.isSafeInteger(cluster) && cluster >= 0);
  if (clusters.length === classes && whole && used.size === count) return count;
  throw new ConfigError(
    `clusters: each of the ${classes} classes needs the number of its cluster, 0, 1, … without a gap, got [${clusters.join(', ')}]`,
  );
}

export function clustersOf(settings: ClusterSettings, counts: readonly number[]): Clusters {
  if ('size' in settings) return clustersByFrequency(counts, settings.size);
  clusterCount(settings.of, counts.length);
  return settings.of;
}

/** M [K][C] with value_k = Σ_c M_{k,c} value_c. Every row sums to 1. */
export type ExpansionMatrix = readonly (readonly number[])[];

/** Each class has the value of its cluster. */
export function constantExpansion(clusters: Clusters): ExpansionMatrix {
  const count = clusterCount(clusters, clusters.length);
  return clusters.map((cluster) => Array.from({ length: count }, (_, c) => (c === cluster ? 1 : 0)));
}

/**
 * Linear in log n_k between the clusters' centres, the means of log n over their classes; beyond the outer centres the outer values.
 * @throws {ConfigError} if two clusters have one centre, between which nothing can be interpolated, or a class has no samples
 */
export function interpolatedExpansion(clusters: Clusters, counts: readonly number[]): ExpansionMatrix {
  const count = clusterCount(clusters, counts.length);
  const empty = counts.findIndex((samples) => !(samples > 0));
  if (empty >= 0) {
    throw new ConfigError(
      `clusters: class ${empty} has ${counts[empty]} samples, so log frequency is no place to interpolate at; expand with "constant"`,
    );
  }
  const places = counts.map(Math.log);
  const centres = Array.from({ length: count }, (_, c) => {
    const members = places.filter((_, k) => clusters[k] === c);
    return members.reduce((total, place) => total + place, 0) / members.length;
  });
  const order = centres.map((_, c) => c).sort((a, b) => centres[a]! - centres[b]!);
  const twin = order.findIndex((c, i) => i > 0 && !(centres[c]! - centres[order[i - 1]!]! > 1e-9));
  if (twin > 0) {
    throw new ConfigError(
      `clusters: ${order[twin - 1]} and ${order[twin]} are equally frequent, so nothing can be interpolated between them; expand with "constant"`,
    );
  }
  return places.map((place) => {
    const row = new Array<number>(count).fill(0);
    const above = order.findIndex((c) => centres[c]! >= place);
    if (above === 0 || above < 0) {
      row[order.at(above === 0 ? 0 : -1)!] = 1;
      return row;
    }
    const [low, high] = [order[above - 1]!, order[above]!];
    const share = (place - centres[low]!) / (centres[high]! - centres[low]!);
    row[low] = 1 - share;
    row[high] = share;
    return row;
  });
}
