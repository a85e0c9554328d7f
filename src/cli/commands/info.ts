import { presets } from '../../autobalance/index.js';
import { readConfigFile, resolveConfig } from '../config.js';
import { type Environment, environment } from '../environment.js';
import { EXIT } from '../errors.js';
import type { CommandResult } from '../io.js';
import type { RunConfig } from '../schema.js';

export interface InfoOptions {
  readonly config?: string;
  readonly seed?: number;
}

/** What this machine runs on, and, given a file or a seed, the settings that these lead to. */
export async function info({ config: file, seed }: InfoOptions): Promise<CommandResult> {
  const machine = environment();
  const wanted = file !== undefined || seed !== undefined;
  const files = file === undefined ? [] : [await readConfigFile(file)];
  const settings = wanted ? resolveConfig(undefined, files, seed === undefined ? {} : { seed }, 'mnist-lt') : undefined;
  const list = Object.values(presets).map(({ name, description }) => ({ name, description }));
  return {
    exitCode: EXIT.ok,
    text: infoText(machine, settings),
    json: { ...machine, presets: list, ...(settings && { settings }) },
  };
}

function infoText(machine: Environment, settings: RunConfig | undefined): string {
  const { version, commit, backends, cpu, memoryBytes, platform, versions } = machine;
  const lines: [string, string][] = [
    ['autobalance', commit === null ? version : `${version} (${commit.slice(0, 12)})`],
    ...backends.map(({ name, runs, device, reason }): [string, string] => [
      `backend ${name}`,
      runs ? `runs: ${device}` : `idle: ${reason}`,
    ]),
    ['instruction set', machine.isa ?? 'none: JavaScript'],
    ['threads', String(machine.threads ?? 'none')],
    ...(machine.convolution === null ? [] : ([['convolutions', machine.convolution]] satisfies [string, string][])),
    ['processor', `${cpu.model}, ${cpu.cores} cores`],
    ['memory', `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ['platform', platform],
    [
      'Node.js',
      Object.entries(versions)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ...Object.values(presets).map(({ name, description }): [string, string] => [`preset ${name}`, description]),
    ...(settings ? ([['settings', JSON.stringify(settings)]] satisfies [string, string][]) : []),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
