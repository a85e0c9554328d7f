import { closest, distance } from 'fastest-levenshtein';

/**
 * What to say about a name that does not exist: the nearest one that does if it is near, else all of them. Comparison ignores case.
 * @param show how a name is written, e.g. with its path or dashes
 */
export function suggestion(
  name: string,
  known: readonly string[],
  show: (name: string) => string = (text) => JSON.stringify(text),
): string {
  if (known.length === 0) return 'nothing is allowed here';
  const lower = known.map((candidate) => candidate.toLowerCase());
  const nearest = lower.indexOf(closest(name.toLowerCase(), lower));
  const edits = distance(name.toLowerCase(), lower[nearest]!);
  const near = edits <= Math.max(2, Math.floor(Math.max(name.length, lower[nearest]!.length) / 2));
  return near ? `did you mean ${show(known[nearest]!)}?` : `choose one of ${known.map(show).join(', ')}`;
}
