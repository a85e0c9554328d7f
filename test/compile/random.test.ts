import { describe, test } from 'vitest';
import { backends } from '../../src/backends/index.js';
import { checkProgram } from '../../src/ir/index.js';
import { expectClose } from '../support/compare.js';
import { reference } from '../support/targets.js';
import { randomProgram } from './random-programs.js';

const native = backends().find(({ name }) => name === 'native')?.backend;

describe.skipIf(!native)('random programs on the native backend agree with the definition', () => {
  test.each(Array.from({ length: 300 }, (_, seed) => seed))('seed %i', (seed) => {
    const { program, inputs } = randomProgram(seed);
    checkProgram(program);
    const got = native!.compile(program).run(inputs);
    reference.run(program, inputs).forEach((wanted, i) => {
      expectClose(got[i]!.data(), wanted.data(), { relative: 1e-11, absolute: 1e-11 });
    });
  });
});
