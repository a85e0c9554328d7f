import { BackendError } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';

/** An addon's error as one of this library's, with the addon's own as its cause. */
export const wrapError = (error: unknown): BackendError => new BackendError(messageOf(error), { cause: error });

/** Runs `fn` with an addon's errors turned into this library's. @throws {BackendError} */
export function typed<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw wrapError(error);
  }
}
