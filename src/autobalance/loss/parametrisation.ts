import { ConfigError, type Value } from '../../ir/index.js';
import { sigmoid, softplus } from '../../ops/index.js';
import { mapTable, type Table } from './table.js';

/** How the learned number becomes Δ. ι is always the number itself. `sigmoid` is what the published code does. */
export type Parametrisation = 'identity' | 'sigmoid' | 'softplus';

export const parametrisations: {
  readonly [P in Parametrisation]: {
    readonly forward: (raw: Value) => Value;
    readonly inverse: (delta: number) => number;
  };
} = {
  identity: { forward: (raw) => raw, inverse: (delta) => delta },
  sigmoid: { forward: sigmoid, inverse: (delta) => Math.log(delta / (1 - delta)) },
  softplus: { forward: softplus, inverse: (delta) => delta + Math.log(-Math.expm1(-delta)) },
};

/** Raw numbers whose effective Δ are those given. @throws {ConfigError} if the parametrisation cannot reach one of them. */
export function rawDelta<T extends Table>(delta: T, parametrisation: Parametrisation): T {
  return mapTable(delta, (value) => {
    const raw = parametrisations[parametrisation].inverse(value);
    if (!Number.isFinite(raw)) {
      throw new ConfigError(
        `loss: ${parametrisation} cannot make Δ = ${value}; choose another parametrisation or start`,
      );
    }
    return raw;
  }) as T;
}
