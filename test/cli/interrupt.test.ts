import { afterEach, expect, test, vi } from 'vitest';
import { exitCodeOf, Interrupt } from '../../src/cli/interrupt.js';

const others = [...process.listeners('SIGINT'), ...process.listeners('SIGTERM')];
afterEach(() => {
  vi.restoreAllMocks();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    for (const listener of process.listeners(signal)) if (!others.includes(listener)) process.off(signal, listener);
  }
});

test('the first signal is a request, the second ends the process', () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const interrupt = new Interrupt();
  const told = vi.fn();
  const stop = interrupt.listen(told);
  expect(interrupt.requested).toBeUndefined();
  process.emit('SIGINT');
  expect(interrupt.requested).toBe('SIGINT');
  expect(told).toHaveBeenCalledTimes(1);
  expect(exit).not.toHaveBeenCalled();
  expect(() => process.emit('SIGINT')).toThrow('exit 130');
  expect(told).toHaveBeenCalledTimes(1);
  // Saved and about to end: one more signal still ends it with its exit code.
  stop();
  expect(() => process.emit('SIGINT')).toThrow('exit 130');
});

test('the first request counts, and nothing listens afterwards', () => {
  const before = process.listenerCount('SIGINT');
  const interrupt = new Interrupt();
  const stop = interrupt.listen(() => {});
  expect(process.listenerCount('SIGINT')).toBe(before + 1);
  stop();
  expect(process.listenerCount('SIGINT')).toBe(before);
  interrupt.request('SIGTERM');
  interrupt.request('SIGINT');
  expect(interrupt.requested).toBe('SIGTERM');
  expect([exitCodeOf('SIGINT'), exitCodeOf('SIGTERM')]).toEqual([130, 143]);
});
