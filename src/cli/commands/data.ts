import { presets, trainingSamples } from '../../autobalance/index.js';
import { describeDataset, type FormatName, formats, groupNamed } from '../../data/index.js';
import { ConfigError } from '../../ir/index.js';
import { dataText } from '../../report/data-table.js';
import { type ConfigFile, readConfigFile, resolveConfig } from '../config.js';
import { type DataPlace, loadParts } from '../data.js';
import { EXIT } from '../errors.js';
import type { CommandResult } from '../io.js';
import type { RunConfig } from '../schema.js';
import { suggestion } from '../suggest.js';

export interface DescribeDataOptions {
  readonly dataDir?: string;
  readonly schema?: string;
  readonly group?: string;
  readonly config?: string;
}

/** What is to be read, and how much of it a preset uses. */
interface Chosen extends DataPlace {
  readonly config?: RunConfig;
}

async function choose(what: string, { dataDir, schema, config: file }: DescribeDataOptions): Promise<Chosen> {
  const more = schema === undefined ? {} : { schema };
  if (Object.hasOwn(presets, what)) {
    const files: ConfigFile[] = file === undefined ? [] : [await readConfigFile(file)];
    const config = resolveConfig(what, files, dataDir === undefined ? {} : { dataDir });
    return { format: presets[what]!.data, folder: config.dataDir, config, ...more };
  }
  if (Object.hasOwn(formats, what)) {
    if (file !== undefined) {
      throw new ConfigError(`--config: changes the settings of a preset, and ${what} is a format; leave it out`);
    }
    return { format: what as FormatName, folder: dataDir ?? null, ...more };
  }
  const known = [...Object.keys(presets), ...Object.keys(formats)];
  throw new ConfigError(
    `data describe: there is no preset or format ${JSON.stringify(what)}; ${suggestion(what, known)}`,
  );
}

/** Counts a data set by class and by group, before anybody trains on it. */
export async function describeData(what: string, options: DescribeDataOptions): Promise<CommandResult> {
  const { config, ...place } = await choose(what, options);
  const parts = await loadParts(place, what, { name: what });
  const { group } = options;
  const description = await describeDataset(parts, {
    name: what,
    ...(config && { indices: trainingSamples(parts.train, config) }),
    ...(group !== undefined && { columns: ({ groups, name }) => [groupNamed(groups, group, name)] }),
  });
  return { exitCode: EXIT.ok, text: dataText(description), json: description };
}
