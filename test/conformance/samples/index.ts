import type { ParamsOf, PrimitiveName } from '../../../src/ops/index.js';
import * as arithmetic from './arithmetic.js';
import * as compare from './compare.js';
import * as conv from './conv.js';
import * as convert from './convert.js';
import * as dot from './dot.js';
import * as elementwise from './elementwise.js';
import type { Family } from './family.js';
import * as gather from './gather.js';
import * as movement from './movement.js';
import * as pow from './pow.js';
import * as reduce from './reduce.js';
import * as window from './window.js';

/** What is tried of every primitive of the language. One without samples does not compile. */
export const families: { readonly [N in PrimitiveName]: Family<ParamsOf<N>> } = {
  ...arithmetic,
  ...pow,
  ...compare,
  ...elementwise,
  ...convert,
  ...movement,
  ...reduce,
  ...dot,
  ...conv,
  ...window,
  ...gather,
};
