import { DataError } from '../ir/errors.js';

/** What is wrong with a file at a byte of it. */
export const wrongByte = (file: string, offset: number, problem: string, remedy: string, cause?: unknown): DataError =>
  new DataError(`${file}: at byte ${offset}: ${problem}; ${remedy}.`, { cause });

/** What is wrong with a text file in a line of it, counted from 1. */
export const wrongLine = (file: string, line: number, problem: string, remedy: string, cause?: unknown): DataError =>
  new DataError(`${file}: line ${line}: ${problem}; ${remedy}.`, { cause });

const MAX_QUOTED = 40;

/** A piece of a file as a message can show it, whatever it holds. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

/** The first elements of an array of bytes, in hexadecimal. */
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ') || 'nothing';
