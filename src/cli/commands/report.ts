import { join } from 'node:path';
import { writeFileAtomic } from '../../data/files.js';
import type { RunDirectory } from '../../data/index.js';
import { runPage } from '../../report/page/run-page.js';
import { EXIT } from '../errors.js';
import type { CommandResult } from '../io.js';
import { readRunContent } from '../run-content.js';

export const REPORT = 'report.html';

/** Writes the page of a run into its folder. */
export const writeRunReport = async (run: RunDirectory): Promise<void> =>
  run.write(REPORT, await runPage(await readRunContent(run.path)));

export interface ReportOptions {
  /** Default: report.html in the run directory. */
  readonly out?: string;
}

/** One self-contained HTML file about a run, finished or not. */
export async function report(folder: string, { out }: ReportOptions): Promise<CommandResult> {
  const path = out ?? join(folder, REPORT);
  const page = await runPage(await readRunContent(folder));
  await writeFileAtomic(path, page);
  return { exitCode: EXIT.ok, text: `Wrote ${path}.\n`, json: { report: path, bytes: Buffer.byteLength(page) } };
}
