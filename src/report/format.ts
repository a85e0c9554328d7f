/** What stands for a number that does not exist. */
export const MISSING = '–';

const exists = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** A number with a fixed number of decimals; a dash if there is none. */
export const fixed = (value: number | null | undefined, decimals: number): string =>
  exists(value) ? value.toFixed(decimals) : MISSING;

/** `8.41 %`, of a number that is in percent already. */
export const percent = (value: number | null | undefined): string =>
  exists(value) ? `${value.toFixed(2)} %` : MISSING;

/** `45 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return MISSING;
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** `0.93 … 1.10`: the span of some numbers. */
export const span = (values: readonly number[], decimals = 2): string =>
  `${fixed(Math.min(...values), decimals)} … ${fixed(Math.max(...values), decimals)}`;

/** `8 truncated, 1 diverged`: how often each text occurs, most frequent first. */
export function tally(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/** Classes that are listed one by one; more are told by the largest and the smallest. */
export const MOST_CLASSES = 20;

/** `30, 12, 5`, or of many `1000 classes of 1280 … 5, together 115846`. */
export function countsText(counts: readonly number[]): string {
  if (counts.length <= MOST_CLASSES) return counts.join(', ');
  const sum = counts.reduce((total, count) => total + count, 0);
  return `${counts.length} classes of ${Math.max(...counts)} … ${Math.min(...counts)}, together ${sum}`;
}

/** The text cut to `width` characters, the last of them an ellipsis if something is missing. */
export function truncate(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}
