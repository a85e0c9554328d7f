/** The most samples of one turn: of what takes microseconds they are enough, and they are sent between processes. */
const MOST = 2000;

/**
 * Milliseconds of each call, one at a time, for about `seconds` and `least` times at least. What comes first and is slower (compiling, uploading)
 * is the caller's to do before.
 */
export async function timed(run: () => unknown, seconds: number, least = 3): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < least || (performance.now() < end && times.length < MOST)) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  return times;
}
