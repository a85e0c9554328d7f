import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunDirectory } from '../data/index.js';
import { type LiveServer, serveLive } from '../report/live-server.js';
import { LIVE_SCRIPT } from '../report/page/live-script.js';
import { runPage } from '../report/page/run-page.js';
import { readRunContent } from './run-content.js';

/** Files whose change changes the page. */
const WATCHED = ['metrics.ndjson', 'evaluation.json', 'loss.json', 'summary.json'];

const ageOf = async (path: string): Promise<string> => {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs} ${size}`;
  } catch {
    return 'none';
  }
};

/** Serves the page of a run while it goes on. */
export const serveRun = (run: RunDirectory, port: number): Promise<LiveServer> =>
  serveLive(
    {
      version: async () => (await Promise.all(WATCHED.map((name) => ageOf(join(run.path, name))))).join('; '),
      render: async () => runPage(await readRunContent(run.path), { script: LIVE_SCRIPT }),
    },
    { port },
  );
