/**
 * Every error this library throws on purpose. `code` is stable and meant for programs; the message is meant for people and says
 * the rule, then the offending values, then the remedy.
 */
export class AutobalanceError extends Error {
  /** Stable machine-readable identifier, e.g. `ERR_SHAPE`. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Shapes, ranks or axes that do not fit the operation. */
export class ShapeError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SHAPE', message, options);
  }
}

/** An operation was given a dtype it is not defined for, or two dtypes that must agree and do not. */
export class DTypeError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DTYPE', message, options);
  }
}

/** A function was traced in a way that cannot become a program, e.g. reading the number of a traced value. */
export class TraceError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_TRACE', message, options);
  }
}

/** A backend is absent, lacks an operation, or refused a program. */
export class BackendError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BACKEND', message, options);
  }
}

/** A number that should be finite is not: NaN or infinity in data, in a loss, in a solver. */
export class NumericError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_NUMERIC', message, options);
  }
}

/** A data file that is truncated, corrupt, or not of the format it claims. The message names file, offset or line, cause, remedy. */
export class DataError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DATA', message, options);
  }
}

/** A configuration, option or argument that is unknown or out of range. */
export class ConfigError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CONFIG', message, options);
  }
}

/** A file or folder that cannot be read or written. */
export class FileError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_FILE', message, options);
  }
}

/** A worker thread ended, or failed in a way that says nothing about the data it was given. */
export class WorkerError extends AutobalanceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_WORKER', message, options);
  }
}
