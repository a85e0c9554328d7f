import { CommanderError } from 'commander';
import { AutobalanceError, ConfigError } from '../ir/index.js';

export const EXIT = { ok: 0, unexpected: 1, user: 2 } as const;

/** An error as people and programs are told. */
export interface ErrorReport {
  readonly code: string;
  /** One line. */
  readonly message: string;
  readonly exitCode: number;
}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

/** What commander complains about, in the words and with the code of this program's other errors. */
export function fromCommander(error: CommanderError): ConfigError {
  const text = oneLine(error.message.replace(/^error: /, ''));
  const hint = /^unknown/.test(text) && !/did you mean/i.test(text) ? '; --help lists what there is' : '';
  return new ConfigError(`command line: ${text}${hint}`, { cause: error });
}

export function reportError(error: unknown): ErrorReport {
  const known = error instanceof CommanderError ? fromCommander(error) : error;
  if (known instanceof AutobalanceError) {
    return { code: known.code, message: oneLine(known.message), exitCode: EXIT.user };
  }
  const message = known instanceof Error ? known.message : String(known);
  return {
    code: 'ERR_UNEXPECTED',
    message: `unexpected error: ${oneLine(message)} (AUTOBALANCE_DEBUG=1 shows where)`,
    exitCode: EXIT.unexpected,
  };
}
