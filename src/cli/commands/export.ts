import { basename } from 'node:path';
import { writeFileAtomic } from '../../data/files.js';
import { type ExportTarget, exporters } from '../../export/index.js';
import { ConfigError } from '../../ir/index.js';
import { EXIT } from '../errors.js';
import type { CommandResult } from '../io.js';
import { readLearnedLoss } from '../learned-loss.js';
import { packageVersion } from '../package.js';
import { suggestion } from '../suggest.js';

export const exportTargets = Object.keys(exporters) as ExportTarget[];

export interface ExportOptions {
  readonly to: string;
  readonly out: string;
}

/** Writes a learned loss as code, or a model, that needs nothing of this package. */
export async function exportLoss(path: string, { to, out }: ExportOptions): Promise<CommandResult> {
  const target = exportTargets.find((name) => name === to);
  if (!target) {
    throw new ConfigError(`--to: there is no export to ${JSON.stringify(to)}; ${suggestion(to, exportTargets)}`);
  }
  const { augmentation, ...loss } = await readLearnedLoss(path);
  const left = augmentation
    ? 'Its augmentation policies are left out: what is exported is a function of logits; `retrain --loss` applies them.\n'
    : '';
  const content = exporters[target](loss, { source: basename(path), version: packageVersion() });
  await writeFileAtomic(out, content);
  const [classes, groups] = [loss.classCounts.length, loss.groups?.length];
  return {
    exitCode: EXIT.ok,
    text: `Wrote ${out}: ${target}, ${classes} classes${groups === undefined ? '' : `, ${groups} groups`}.\n${left}`,
    json: {
      file: out,
      target,
      classes,
      groups: groups ?? null,
      bytes: Buffer.byteLength(content),
      augmentationLeftOut: augmentation !== undefined,
    },
  };
}
