import { type Convolution, convolutionCodes } from '../compile/convolution.js';
import { ConfigError } from '../ir/index.js';
import { environment } from './environment.js';

/** What AUTOBALANCE_CONVOLUTION asks for; `direct` without it. @throws {ConfigError} if there is no such algorithm. */
export function convolutionWanted(): Convolution {
  const wish = environment('AUTOBALANCE_CONVOLUTION') ?? 'direct';
  if (Object.hasOwn(convolutionCodes, wish)) return wish as Convolution;
  const known = Object.keys(convolutionCodes).join(', ');
  throw new ConfigError(`AUTOBALANCE_CONVOLUTION: expects one of ${known}, got ${JSON.stringify(wish)}`);
}
