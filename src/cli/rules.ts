import { z } from 'zod';

export const list = (names: readonly string[]): string => names.join(', ');

/** The message of every rule completes "KEY …". */
export const number = (rule: string, test: (value: number) => boolean) =>
  z.number({ error: `must be ${rule}` }).refine((value) => test(value), { error: `must be ${rule}` });
export const integer = (least: number) =>
  number(`an integer of at least ${least}`, (value) => Number.isSafeInteger(value) && value >= least);
export const positive = number('a positive number', (value) => value > 0);
export const notNegative = number('a number that is not negative', (value) => value >= 0);
export const fraction = number('a number between 0 and 1, both excluded', (value) => value > 0 && value < 1);
export const momentum = number('a number from 0 to below 1', (value) => value >= 0 && value < 1);
export const choice = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `must be one of ${list(names)}` });
/** No name twice. @param least how many there must be */
export const set = <S extends z.ZodType>(item: S, what: string, least = 1) =>
  z
    .array(item, { error: `must be a list of ${what}` })
    .min(least, { error: `must name at least one of ${what}` })
    .refine((items) => new Set(items).size === items.length, { error: 'must not name anything twice' })
    .readonly();
export const orAuto = (schema: z.ZodType<number>, rule: string) =>
  z.union([schema, z.literal('auto')], { error: `must be ${rule} or auto` });
export const section = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.strictObject(shape, { error: 'must be a section with keys of its own' });
