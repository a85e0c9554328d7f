import { z } from 'zod';
import { type AutobalanceError, ConfigError } from '../ir/index.js';
import { suggestion } from './suggest.js';

type Path = readonly PropertyKey[];
type ErrorKind = new (message: string) => AutobalanceError;

export interface ValidateOptions {
  /** Names the file, or the command line, in messages. */
  readonly source: string;
  /** The error to throw. Default {@link ConfigError}. */
  readonly kind?: ErrorKind;
  /** What to do about the value at this path. @param nearest which of the names that it may be was meant, where it is a name */
  readonly remedy: (path: Path, nearest?: string) => string;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unwrapped = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodExactOptional
    ? unwrapped(schema.unwrap())
    : schema;

export const pathText = (path: Path): string => path.map(String).join('.');

/** `value[path]`, `undefined` where there is nothing. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value);

/** Refuses keys that the schema has not, naming the nearest that it has; a loose object may have any. */
export function requireKnownKeys(
  schema: unknown,
  value: unknown,
  source: string,
  kind: ErrorKind = ConfigError,
  path: Path = [],
): void {
  const object = unwrapped(schema);
  if (!(object instanceof z.ZodObject) || !isRecord(value)) return;
  const known = Object.keys(object.shape);
  const loose = object.def.catchall instanceof z.ZodUnknown;
  const full = (key: string): string => JSON.stringify(pathText([...path, key]));
  for (const [key, inner] of Object.entries(value)) {
    if (!known.includes(key) && loose) continue;
    if (!known.includes(key)) throw new kind(`${source}: unknown key ${full(key)}; ${suggestion(key, known, full)}`);
    requireKnownKeys(object.shape[key], inner, source, kind, [...path, key]);
  }
}

const MAX_SHOWN = 60;

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** The value, checked. @throws the given kind of error, stating key, rule, value and remedy of the first thing that is wrong. */
export function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { source, kind = ConfigError, remedy }: ValidateOptions,
): T {
  requireKnownKeys(schema, value, source, kind);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const { path, message } = issue!;
  const key = path.length > 0 ? `${pathText(path)} ` : '';
  const got = valueAt(value, path);
  const names = issue!.code === 'invalid_value' ? issue!.values.map(String) : [];
  const nearest = typeof got === 'string' && names.length > 0 ? suggestion(got, names) : undefined;
  throw new kind(`${source}: ${key}${message}, got ${shown(got)}; ${remedy(path, nearest)}`);
}
