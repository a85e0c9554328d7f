import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
export type InterruptSignal = (typeof SIGNALS)[number];

/** What a shell sees of a process that a signal ended: 130 for Ctrl-C. */
export const exitCodeOf = (signal: InterruptSignal): number => 128 + constants.signals[signal];

/** A wish to stop. Work that can be interrupted looks at `requested` between its steps. */
export class Interrupt {
  #requested: InterruptSignal | undefined;

  get requested(): InterruptSignal | undefined {
    return this.#requested;
  }

  request(signal: InterruptSignal): void {
    this.#requested ??= signal;
  }

  /**
   * Makes Ctrl-C (and SIGTERM) a request; the second one ends the process at once.
   * @param onFirst told when the first one comes
   * @returns stops listening, unless a signal has come: the process then ends soon, and until it has, another signal must not find it without a
   *   handler, which would end it with no exit code
   */
  listen(onFirst: () => void): () => void {
    let signalled = false;
    const handlers = SIGNALS.map((signal) => {
      const handler = (): void => {
        if (this.#requested) process.exit(exitCodeOf(signal));
        signalled = true;
        this.request(signal);
        onFirst();
      };
      process.on(signal, handler);
      return { signal, handler };
    });
    return () => {
      if (signalled) return;
      for (const { signal, handler } of handlers) process.off(signal, handler);
    };
  }
}
