import { ConfigError } from '../ir/index.js';
import {
  type Baseline,
  type BaselineName,
  type BaselineOverrides,
  type BaselineSettings,
  baselineNames,
  baselines,
} from './baselines/index.js';

export type MethodName = BaselineName | 'autobalance';

/** Every method, in the order of tables. */
export const methodNames: readonly [MethodName, ...MethodName[]] = [...baselineNames, 'autobalance'];

/** The methods that need nothing but labels: what `all` means where the data has no groups. */
export const classMethods: readonly MethodName[] = methodNames.filter(
  (name) => name === 'autobalance' || baselines[name].needs === 'classes',
);

/**
 * One stage of an experiment: `train` under a fixed loss, `search` for one, `retrain` under the learned one; `adjust` the last layer of
 * cross-entropy's network, or train it again (`classifier`).
 */
export interface Stage {
  readonly method: MethodName;
  readonly kind: 'train' | 'search' | 'retrain' | 'adjust' | 'classifier';
}

/** The stages a method takes, in order, once what it begins with is there. */
export function stagesOf(method: MethodName): Stage[] {
  if (method === 'autobalance') {
    return [
      { method, kind: 'search' },
      { method, kind: 'retrain' },
    ];
  }
  const { kind } = baselines[method];
  return [{ method, kind: kind === 'loss' ? 'train' : kind }];
}

/** The stages of several methods. Those that only change a last layer need cross-entropy's network, so it is trained (and judged) with them. */
export function stagesOfAll(methods: readonly MethodName[]): Stage[] {
  const needed = methods.some((method) => method !== 'autobalance' && baselines[method].kind !== 'loss');
  const first = methodNames.filter((name) => name === 'cross-entropy' && needed && !methods.includes(name));
  return [...first, ...methods].flatMap(stagesOf);
}

/** A baseline with the settings to use. @throws {ConfigError} if a setting is unknown */
export function baselineWith(
  name: BaselineName,
  overrides: BaselineOverrides = {},
): { readonly baseline: Baseline; readonly settings: BaselineSettings } {
  const baseline: Baseline = baselines[name];
  const own: BaselineSettings = overrides[name] ?? {};
  const unknown = Object.keys(own).find((key) => !Object.hasOwn(baseline.settings, key));
  if (unknown !== undefined) {
    const known = Object.keys(baseline.settings).join(', ') || 'none';
    throw new ConfigError(`${name}: there is no setting ${JSON.stringify(unknown)}; it has ${known}`);
  }
  return { baseline, settings: { ...baseline.settings, ...own } };
}
