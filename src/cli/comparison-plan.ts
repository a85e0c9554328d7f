import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { classMethods, type MethodName, methodNames, stagesOf, stagesOfAll } from '../autobalance/index.js';
import type { RunDirectory } from '../data/index.js';
import { ConfigError, DataError } from '../ir/index.js';
import { type FigureName, figureNames } from '../report/comparison.js';
import { type ConfigFile, resolveConfig } from './config.js';
import { type RunConfig, runConfigSchema } from './schema.js';
import { suggestion } from './suggest.js';
import { isRecord, validate } from './validate.js';

const PLAN = 'plan.json';

/** Settings that the methods are compared under. */
export interface Scenario {
  /** Empty if there is but one. */
  readonly name: string;
  readonly config: RunConfig;
}

/** Everything a comparison is to do. */
export interface ComparisonPlan {
  readonly scenarios: readonly Scenario[];
  readonly methods: readonly MethodName[];
  readonly seeds: readonly number[];
  readonly figure: FigureName;
  readonly against: string | null;
  /** Fingerprint of the data. */
  readonly data: string;
}

/** What is trained in one go with one seed: a method, or several that begin with the same network. */
export interface PlannedCell {
  /** The scenarios it is a part of: several, if what they differ in means nothing to its methods. */
  readonly scenarios: readonly string[];
  readonly methods: readonly MethodName[];
  readonly seed: number;
  readonly config: RunConfig;
  /** Folder of its own, within the comparison's. */
  readonly folder: string;
}

const schema = z.strictObject({
  scenarios: z.array(z.strictObject({ name: z.string(), config: runConfigSchema })).min(1),
  methods: z.array(z.enum(methodNames)).min(1),
  seeds: z.array(z.number().int().min(0)).min(1),
  figure: z.enum(figureNames),
  against: z.string().nullable(),
  data: z.string(),
}) satisfies z.ZodType<ComparisonPlan>;

export const writePlan = (run: RunDirectory, plan: ComparisonPlan): Promise<void> => run.writeJson(PLAN, plan);

/** @throws {FileError} if the folder holds no comparison; {DataError} if its plan is damaged */
export const readPlan = async (run: RunDirectory): Promise<ComparisonPlan> =>
  validate(schema, await run.readJson(PLAN), {
    source: join(run.path, PLAN),
    kind: DataError,
    remedy: () => 'the comparison cannot be resumed from it: start a new one',
  });

/** Methods that only change cross-entropy's last layer stand together with it, so that it is trained once; the others stand alone. */
function families(methods: readonly MethodName[]): MethodName[][] {
  const shares = (method: MethodName): boolean =>
    method === 'cross-entropy' || stagesOfAll([method]).length > stagesOf(method).length;
  const family = methods.filter(shares);
  return methods.flatMap((method) => (method === family[0] ? [family] : family.includes(method) ? [] : [[method]]));
}

/** What the training of these methods depends on: fixed losses on nothing that is said of the search. */
function dependenceOf(methods: readonly MethodName[], config: RunConfig): string {
  const { search, searchEpochs, validationFraction, start, baselines = {}, ...common } = config;
  const searching = methods.includes('autobalance') ? { search, searchEpochs, validationFraction, start } : {};
  const own = methods.map((method) => (method === 'autobalance' ? undefined : baselines[method]));
  return JSON.stringify([methods, common, own, searching]);
}

/** The cells in order: seed by seed, so that an early look finds whole pairs; what scenarios share is trained with the first of them. */
export function cellsOf({ scenarios, methods, seeds }: ComparisonPlan): PlannedCell[] {
  const cells = new Map<string, PlannedCell & { readonly scenarios: string[] }>();
  for (const { name, config: settings } of scenarios) {
    for (const seed of seeds) {
      for (const own of families(methods)) {
        const config = { ...settings, seed, methods: own };
        const key = dependenceOf(own, config);
        const known = cells.get(key);
        if (known) known.scenarios.push(name);
        else {
          const folder = ['cells', ...(name === '' ? [] : [name.replace(/[^A-Za-z0-9.]+/g, '-')])];
          const cell = { scenarios: [name], methods: own, seed, config };
          cells.set(key, { ...cell, folder: [...folder, `${own.join('+')}-seed-${seed}`].join('/') });
        }
      }
    }
  }
  return [...cells.values()];
}

/** The methods of a list on the command line; `all` are all that need only labels. */
export function methodsOf(list: readonly string[] | undefined): readonly MethodName[] {
  if (list === undefined || list.includes('all')) return classMethods;
  for (const name of list) {
    if ((methodNames as readonly string[]).includes(name)) continue;
    throw new ConfigError(
      `--methods: there is no method ${JSON.stringify(name)}; ${suggestion(name, ['all', ...methodNames])}`,
    );
  }
  return methodNames.filter((name) => list.includes(name));
}

/** `longTail.imbalance=10,100`: one setting, and the values that it takes in turn. */
export interface Variation {
  readonly key: string;
  readonly values: readonly unknown[];
}

export function parseVariation(text: string): Variation {
  const [key = '', list = ''] = text.split(/=(.*)/s);
  if (!/^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9-]*)*$/.test(key) || list === '') {
    throw new ConfigError(
      `--vary: must be a setting and its values, such as longTail.imbalance=10,100, got ${JSON.stringify(text)}`,
    );
  }
  if (['preset', 'dataDir', 'seed', 'methods'].includes(key)) {
    throw new ConfigError(`--vary: ${key} has an option of its own, and cannot vary; name another setting`);
  }
  const values = list.split(',').map((value): unknown => parse(value.trim()));
  if (new Set(values).size !== values.length) throw new ConfigError(`--vary: names a value twice: ${text}`);
  return { key, values };
}

/** The section of `settings` that a path leads into, with another value there: as whole as a file says it, since some sections cannot be merged. */
function withValueAt(settings: unknown, [name, ...rest]: readonly string[], value: unknown, key: string): unknown {
  if (name === undefined) return value;
  if (settings !== undefined && !isRecord(settings)) {
    throw new ConfigError(`--vary: ${key} cannot be set, for ${name} would be a key of ${JSON.stringify(settings)}`);
  }
  return { ...settings, [name]: withValueAt(settings?.[name], rest, value, key) };
}

/**
 * The settings of each scenario.
 * @throws {ConfigError} naming the value that cannot be
 */
export function scenariosOf(
  preset: string | undefined,
  files: readonly ConfigFile[],
  options: Parameters<typeof resolveConfig>[2],
  variation: Variation | undefined,
  fallback: string,
): Scenario[] {
  // First without, so that what is wrong with the rest is not blamed on the variation.
  const config = resolveConfig(preset, files, options, fallback);
  if (!variation) return [{ name: '', config }];
  const { key, values } = variation;
  const [section = '', ...path] = key.split('.');
  // What the command line scales, it scales once.
  const { quick = false } = options ?? {};
  const plain: Record<string, unknown> = { ...resolveConfig(preset, files, { quick }, fallback) };
  return values.map((value) => {
    const name = `${key} = ${String(value)}`;
    const file = { source: `--vary ${name}`, value: { [section]: withValueAt(plain[section], path, value, key) } };
    return { name, config: resolveConfig(preset, [...files, file], options, fallback) };
  });
}
