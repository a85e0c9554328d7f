import { expect, test } from 'vitest';
import { jvpProgram } from '../../src/ad/index.js';
import type { Tensor } from '../../src/ir/index.js';
import { convert } from '../../src/ops/index.js';
import { tangentsAt } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { reference } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';
import { checkDerivatives } from './derivative-suite.js';

checkDerivatives('f64');

test('a detour through integers has tangent zero', () => {
  const program = programOf((x) => [convert(convert(x!, 'i32'), 'f64')], [{ shape: [2], dtype: 'f64' }]);
  const point = { program, inputs: [tensorOf([1.5, -2.5], [2], 'f64')], active: [true] };
  const [tangent] = tangentsAt(reference, point, [tensorOf([1, 1], [2], 'f64')]) as [Tensor];
  expect([...tangent.data()]).toEqual([0, 0]);
  expect(jvpProgram(program, [true]).moving).toEqual([false]);
});
