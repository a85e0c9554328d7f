import {
  AutobalanceError,
  BackendError,
  ConfigError,
  DataError,
  DTypeError,
  FileError,
  NumericError,
  ShapeError,
  WorkerError,
} from '../ir/errors.js';
import { messageOf } from '../ir/message-of.js';

/** An error as it can be posted from one thread to another, which would otherwise lose its class and code. */
export interface PostedError {
  readonly code: string;
  readonly message: string;
}

type Kind = new (message: string) => AutobalanceError;

const KINDS = new Map<string, Kind>(
  [BackendError, ConfigError, DataError, DTypeError, FileError, NumericError, ShapeError, WorkerError].map(
    (kind: Kind) => [new kind('').code, kind],
  ),
);

export const postedError = (error: unknown): PostedError =>
  error instanceof AutobalanceError
    ? { code: error.code, message: error.message }
    : { code: '', message: messageOf(error) };

/** The error again; one that was not ours is a {@link WorkerError}. */
export function receivedError({ code, message }: PostedError): AutobalanceError {
  const kind = KINDS.get(code);
  return kind
    ? new kind(message)
    : new WorkerError(`A worker thread failed: ${message}; report this with the data that caused it.`);
}
