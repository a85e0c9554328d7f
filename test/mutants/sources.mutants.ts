import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import './mutant.js';
import { type SourceMutant, sourceMutants } from './sources.js';

/** Faults in transforms: each is planted as its file is loaded, and the tests that must find it run in a process of their own. */

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** What the JSON reporter tells, as far as it is read. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function run({ name }: SourceMutant): Promise<Report> {
  const vitest = path('../../node_modules/vitest/vitest.mjs');
  const config = ['--config', path('./vitest.config.ts')];
  const options = ['--bail', '1', '--maxWorkers', '1', '--reporter', 'json', '--silent=true'];
  const environment = { ...process.env, PLANTED_FAULT: name };
  return new Promise((resolve, reject) => {
    const settings = { cwd: path('../..'), env: environment, maxBuffer: 2 ** 28 };
    execFile(process.execPath, [vitest, 'run', ...config, ...options], settings, (_, output, complaint) => {
      // A failing run ends with 1, which is what is hoped for; the report says why.
      const start = output.indexOf('{"');
      if (start < 0) reject(new Error(`no report: ${complaint}`));
      else resolve(JSON.parse(output.slice(start)) as Report);
    });
  });
}

describe.concurrent('faults planted in transforms', () => {
  for (const mutant of sourceMutants) {
    test(mutant.name, async ({ task }) => {
      const { testResults } = await run(mutant);
      const all = testResults.flatMap(({ assertionResults }) => assertionResults);
      expect(all.length, `nothing ran: ${testResults.map(({ message }) => message)}`).toBeGreaterThan(0);
      const failed = all.find(({ status }) => status === 'failed');
      if (failed) task.meta.caught = `${failed.fullName}: ${failed.failureMessages[0]?.split('\n')[0]}`;
      expect(failed, `${mutant.name} survives`).toBeDefined();
    });
  }
});
