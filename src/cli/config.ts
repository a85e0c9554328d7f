import { resolve } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import { byGroup } from '../autobalance/augmentation/settings.js';
import {
  baselines,
  type ClassLossNumbers,
  classMethods,
  methodNames,
  type Preset,
  presets,
  rawDelta,
  referenceSearch,
} from '../autobalance/index.js';
import { readFileOrThrow } from '../data/files.js';
import { ConfigError } from '../ir/index.js';
import { modelKind } from '../nn/index.js';
import { type RunConfig, runConfigSchema } from './schema.js';
import { suggestion } from './suggest.js';
import { isRecord, requireKnownKeys, validate, valueAt } from './validate.js';

/** What the command line itself can change. */
export interface ConfigOptions {
  /** The preset's settings for a small machine. */
  readonly quick?: boolean;
  readonly seed?: number;
  readonly dataDir?: string;
  readonly methods?: readonly string[];
  readonly epochs?: number;
  /** A fixed loss, or the numbers of a file. */
  readonly start?: string | ClassLossNumbers;
}

/** A YAML file as read: where it came from, and what it says. */
export interface ConfigFile {
  readonly source: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export function presetNamed(name: string, source = 'preset'): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset) return preset;
  throw new ConfigError(
    `${source}: there is no preset ${JSON.stringify(name)}; ${suggestion(name, Object.keys(presets))}`,
  );
}

/** A preset's settings before anything is changed. */
const defaults = ({ name, settings }: Preset): RunConfig => ({
  preset: name,
  dataDir: null,
  seed: 1,
  ...settings,
});

/** @throws {FileError} if it cannot be read; {ConfigError} if it is not YAML or has unknown keys. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  return parseConfig(new TextDecoder().decode(await readFileOrThrow(path)), path);
}

export function parseConfig(text: string, source: string): ConfigFile {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) {
    throw new ConfigError(
      `${source}: not valid YAML: ${problem.message.split('\n')[0]!.replace(/:$/, '')}; correct it there`,
    );
  }
  const value: unknown = document.toJS() ?? {};
  if (!isRecord(value)) {
    throw new ConfigError(`${source}: must hold keys and values, such as "seed: 1", got ${JSON.stringify(value)}`);
  }
  requireKnownKeys(runConfigSchema, value, source);
  return { source, value };
}

/** Keys whose sections are one value of several kinds: parts of two kinds make none. */
const indivisible = new Set(['start', 'objective', 'clusters']);

/** `base` with what `changes` says; sections are merged, everything else is replaced. */
function merge(base: unknown, changes: unknown): unknown {
  if (!isRecord(base) || !isRecord(changes)) return changes;
  const merged = Object.entries(changes).map(([key, value]) => [
    key,
    key in base && !indivisible.has(key) && !isAnotherModel(key, base[key], value) ? merge(base[key], value) : value,
  ]);
  return { ...base, ...Object.fromEntries(merged) };
}

/** A model of another name shares no settings with the one before. */
const isAnotherModel = (key: string, base: unknown, value: unknown): boolean =>
  key === 'model' && isRecord(base) && isRecord(value) && value.name !== undefined && value.name !== base.name;

/** Whether the published recipe is asked for: its settings then take the place of the preset's, and what files say comes on top. */
const wantsReference = (files: readonly ConfigFile[]): boolean =>
  files.some(({ value: { search } }) => isRecord(search) && search.compat === 'reference');

/**
 * A preset, changed by files in order and then by the command line.
 * @param name the preset; if absent, the last file's `preset`, else `fallback`
 * @throws {ConfigError} naming source, key, rule, value and remedy
 */
export function resolveConfig(
  name: string | undefined,
  files: readonly ConfigFile[],
  options: ConfigOptions = {},
  fallback?: string,
): RunConfig {
  const preset = presetNamed(nameOfPreset(name, files) ?? fallback ?? noPreset());
  const plain = options.quick ? merge(defaults(preset), preset.quick) : defaults(preset);
  const base = wantsReference(files) ? merge(plain, { search: referenceSearch }) : plain;
  const remedy = (path: readonly PropertyKey[], nearest = 'correct it'): string => {
    const entry = path.findIndex((key) => typeof key === 'number');
    const usual = valueAt(base, entry < 0 ? path : path.slice(0, entry));
    return usual === undefined ? nearest : `the preset ${preset.name} has ${JSON.stringify(usual)}`;
  };
  let config = base as RunConfig;
  for (const { source, value } of files) {
    config = validate(runConfigSchema, merge(config, value), { source, remedy });
    requireConsistent(config, source);
  }
  const source = 'command line';
  config = validate(runConfigSchema, withOptions(config, options), { source, remedy });
  requireConsistent(config, source);
  return config.dataDir === null ? config : { ...config, dataDir: resolve(config.dataDir) };
}

function nameOfPreset(name: string | undefined, files: readonly ConfigFile[]): string | undefined {
  let found = name;
  for (const { source, value } of files) {
    if (value.preset === undefined) continue;
    if (typeof value.preset !== 'string') {
      throw new ConfigError(`${source}: preset must be a name, got ${JSON.stringify(value.preset)}`);
    }
    presetNamed(value.preset, source);
    if (found !== undefined && found !== value.preset) {
      throw new ConfigError(
        `${source}: is for the preset ${value.preset}, not ${found}; name that one or remove the key "preset"`,
      );
    }
    found = value.preset;
  }
  return found;
}

function noPreset(): never {
  throw new ConfigError(`command line: a preset is needed; name one of ${Object.keys(presets).join(', ')}`);
}

function withOptions(config: RunConfig, { seed, dataDir, methods: asked, epochs, start }: ConfigOptions): unknown {
  const all = config.data?.group === undefined ? classMethods : methodNames;
  const methods = asked?.flatMap((name): readonly string[] => (name === 'all' ? all : [name]));
  for (const method of methods ?? []) {
    if (!(methodNames as readonly string[]).includes(method)) {
      throw new ConfigError(
        `--methods: there is no method ${JSON.stringify(method)}; ${suggestion(method, [...methodNames, 'all'])}`,
      );
    }
  }
  return {
    ...(epochs === undefined ? config : withEpochs(config, epochs)),
    ...(seed !== undefined && { seed }),
    ...(dataDir !== undefined && { dataDir }),
    // In the order of the table, whatever order they were asked for in.
    ...(methods && { methods: methodNames.filter((name) => methods.includes(name)) }),
    ...(start !== undefined && { start }),
  };
}

/** The whole schedule, the search's included, stretched or shrunk so that training takes `epochs`. */
function withEpochs(config: RunConfig, epochs: number): RunConfig {
  const scale = epochs / config.training.epochs;
  const searchEpochs = Math.max(1, Math.round(config.searchEpochs * scale));
  const searchWarmup = Math.floor(config.search.warmupEpochs * scale);
  return {
    ...config,
    training: { ...config.training, epochs, warmupEpochs: Math.floor(config.training.warmupEpochs * scale) },
    searchEpochs,
    search: { ...config.search, warmupEpochs: Math.min(searchWarmup, searchEpochs - 1) },
  };
}

/** Rules about more than one key. */
function requireConsistent(config: RunConfig, source: string): void {
  const { methods, model, training, search, searchEpochs, start, longTail } = config;
  const fail = (rule: string): never => {
    throw new ConfigError(`${source}: ${rule}`);
  };
  const { name, ...options } = model;
  const { options: known } = modelKind(name);
  const odd = Object.keys(options).find((option) => !(known as readonly string[]).includes(option));
  if (odd !== undefined) fail(`model.${odd} means nothing to ${name}, which has ${known.join(', ')}; leave it out`);
  if (training.warmupEpochs > training.epochs) {
    fail(
      `training.warmupEpochs must not exceed training.epochs, got ${training.warmupEpochs} and ${training.epochs}; ` +
        'lower it, or use --epochs, which scales the whole schedule',
    );
  }
  if (search.warmupEpochs >= searchEpochs) {
    fail(
      `search.warmupEpochs must be below searchEpochs, got ${search.warmupEpochs} and ${searchEpochs}: the loss would never move; ` +
        'lower it or raise searchEpochs',
    );
  }
  if (training.milestones.some((fraction, i) => i > 0 && fraction <= training.milestones[i - 1]!)) {
    fail(`training.milestones must rise, got [${training.milestones.join(', ')}]; sort them`);
  }
  if (longTail && Math.floor(longTail.n0 / longTail.imbalance) < 1) {
    fail(
      `longTail.n0 must be at least longTail.imbalance, got ${longTail.n0} and ${longTail.imbalance}: the smallest class would be empty; ` +
        'raise n0 or lower the imbalance',
    );
  }
  // A start that the parametrisation cannot reach would otherwise come to light after the baselines have been trained.
  const given = typeof start === 'object' && 'delta' in start ? start.delta : undefined;
  // Every fixed loss has Δ = 1 for its largest class.
  if (search.learn.includes('delta') && search.compat !== 'reference') rawDelta(given ?? [1], search.parametrisation);
  if (search.learn.length === 0 && !search.augmentation) {
    fail(
      'search.learn must name at least one of delta, iota, weight, or search.augmentation must be there: there would be nothing to learn',
    );
  }
  if (config.data?.group !== undefined) return;
  const grouped = methods.find((name) => name !== 'autobalance' && baselines[name].needs === 'groups');
  if (grouped !== undefined) {
    fail(`${grouped} needs data with groups; name a group column as data.group, or leave the method out`);
  }
  if (search.by !== undefined && search.by !== 'class') {
    fail(
      `search.by must be class without groups, got ${search.by}; name a group column as data.group, or leave it out`,
    );
  }
  const { augmentation } = search;
  if (augmentation && byGroup(augmentation.by)) {
    fail(
      `search.augmentation.by must be shared or class without groups, got ${augmentation.by}; name a group column as data.group, or choose one of those`,
    );
  }
}

export const configText = (config: RunConfig): string => stringify(config, { lineWidth: 120 });
