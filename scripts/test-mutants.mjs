// Plants faults in derivative rules and transforms, one at a time, and sees whether the tests find them: one line for each. Ends with 1 if
// one survives, or if a test that should find them fails without any.
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const counts = { caught: 0, survived: 0, broken: 0 };

/** @type {import('vitest/reporters').Reporter} */
const reporter = {
  onTestCaseResult(testCase) {
    const { state, errors } = testCase.result();
    const { caught } = testCase.meta();
    if (caught) {
      counts.caught++;
      console.log(`caught    ${testCase.name}\n            by ${caught}`);
    } else if (state === 'failed') {
      const survived = errors?.some(({ message }) => message.includes('survives'));
      counts[survived ? 'survived' : 'broken']++;
      console.log(`${survived ? 'SURVIVED' : 'FAILS   '}  ${testCase.fullName}\n            ${errors?.[0]?.message}`);
    }
  },
  onTestModuleEnd(module) {
    for (const error of module.errors()) {
      counts.broken++;
      console.log(`FAILS     ${module.moduleId}\n            ${error.message}`);
    }
  },
};

const started = Date.now();
const config = fileURLToPath(new URL('../test/mutants/vitest.config.ts', import.meta.url));
const vitest = await startVitest('test', [], { root, config, watch: false, reporters: [reporter] });
await vitest.close();

const seconds = Math.round((Date.now() - started) / 1000);
console.log(
  `${counts.caught} faults caught, ${counts.survived} survived, ${counts.broken} failures without a fault, in ${seconds} s`,
);
process.exitCode = counts.caught > 0 && counts.survived + counts.broken === 0 ? 0 : 1;
