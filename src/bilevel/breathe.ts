/** A message to oneself: through the event loop, like Node's `setImmediate`, where a timer would wait 4 ms. */
function afterMessages(done: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(null);
}

const { setImmediate: soon = afterMessages } = globalThis as { setImmediate?: (done: () => void) => unknown };

/** Lets timers, signals, messages and progress run before the next product. */
export const breathe = (): Promise<void> => new Promise((resolve) => void soon(resolve));
