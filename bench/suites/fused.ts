import { traceFunction } from '../../src/ad/grad.js';
import { batchNorm, linearize, ones, relu, type Value, zeros } from '../../src/index.js';
import { onExecutor } from '../native.js';
import type { Case } from '../work.js';
import { noise } from './noise.js';

const SHAPES = [
  [128, 32, 32, 16],
  [128, 16, 16, 32],
  [128, 8, 8, 64],
] as const;

/**
 * Batch normalisation in training mode and ReLU. The least traffic: forward reads x for the statistics and again for the result, which it
 * writes; backward reads x and the cotangent twice, for two sums and for the result, which it writes.
 */
export const fusedCases = (): Case[] =>
  SHAPES.flatMap(([n, h, w, c]) =>
    (['forward', 'backward'] as const).map((pass): Case => {
      const bytes = n * h * w * c * 4;
      return {
        suite: 'fused',
        name: `batch-norm + ReLU ${n}×${h}×${w}×${c}, ${pass}`,
        work: { kind: 'norm', pass, n, h, w, c },
        bytes: bytes * (pass === 'forward' ? 3 : 5),
        prepare() {
          const x = noise([n, h, w, c]);
          const [scale, shift] = [ones([c]), zeros([c])];
          const state = { mean: zeros([c]), variance: ones([c]) };
          const layer = (image: Value, gamma: Value, beta: Value): Value =>
            relu(batchNorm(image, { scale: gamma, shift: beta }, state, { train: true }).output);
          if (pass === 'forward') {
            const { program, captured } = traceFunction(layer, [x, scale, shift]);
            return { run: onExecutor(program, [x, scale, shift], captured) };
          }
          const ct = noise([n, h, w, c], 'f32', 2);
          const { programs, residuals } = linearize(layer, x, scale, shift);
          return { run: onExecutor(programs.transposed, [residuals, ct]) };
        },
      };
    }),
  );
