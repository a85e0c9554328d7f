import { totalmem } from 'node:os';
import { policySize } from '../augment/index.js';
import { policyFor, type Stage, WATCHED } from '../autobalance/index.js';
import { currentBackend } from '../backends/index.js';
import { cellCounts, type GroupColumn } from '../data/index.js';
import { parameterCount } from '../nn/index.js';
import { countsText, duration } from '../report/format.js';
import { textTable } from '../report/table.js';
import { configText } from './config.js';
import type { LoadedData } from './data.js';
import { EXIT } from './errors.js';
import type { CommandResult } from './io.js';
import { modelFor } from './model.js';
import { epochsOf, plannedHypergradients, planOf } from './plan.js';
import { type Probe, probe } from './probe.js';
import { stageName } from './progress.js';
import type { RunConfig } from './schema.js';
import type { Session } from './session.js';

/** Samples of a part: n_k [K], and n_{k,g} [K][G] where there are groups. */
interface Part {
  readonly part: string;
  readonly samples: number;
  readonly classCounts: readonly number[];
  readonly cellCounts?: readonly (readonly number[])[];
}

/** The parts that the run cuts its data into. */
function partsOf({ experiment }: Session, { train }: LoadedData, stages: readonly Stage[]): Part[] {
  const { test, group } = experiment;
  const part = (name: string, dataset: LoadedData['train'], column: GroupColumn, indices?: Int32Array): Part => {
    const cells = cellCounts(dataset, column, indices);
    return {
      part: name,
      samples: indices?.length ?? dataset.labels.length,
      classCounts: cells.map((row) => row.reduce((sum, count) => sum + count, 0)),
      ...(column.names.length > 1 && { cellCounts: cells }),
    };
  };
  const splits = stages.some(({ kind }) => kind === 'search') ? experiment.searchSplits : [];
  return [
    part('training', train, group, experiment.trainIndices),
    ...splits.flatMap((split, f) => {
      const which = splits.length > 1 ? ` ${f + 1}` : '';
      return [
        part(`search${which}: θ`, train, group, split.train),
        part(`search${which}: held out`, train, group, split.validation),
      ];
    }),
    part('test', test.dataset, test.group),
  ];
}

interface StagePlan {
  readonly stage: string;
  readonly epochs: number;
  readonly steps: number;
  readonly hypergradients: number;
  readonly seconds: number;
}

function stagePlans(config: RunConfig, session: Session, stages: readonly Stage[], costs: Probe): StagePlan[] {
  const { counts, test, searchSplits } = session.experiment;
  const tested = test.dataset.labels.length;
  return planOf(stages, config, counts).map(({ stage, steps }) => {
    const epochs = epochsOf(stage, config);
    const searches = stage.kind === 'search';
    const hypergradients = searches ? plannedHypergradients(config, steps) : 0;
    const watched = searches
      ? searchSplits.reduce((sum, { validation }) => sum + validation.length, 0)
      : Math.min(WATCHED, tested);
    const looks = (stage.kind === 'adjust' ? 0 : epochs * watched) + (searches ? 0 : tested);
    const seconds =
      (stage.kind === 'adjust' ? 0 : steps * costs.step) +
      hypergradients * (costs.hypergradient ?? 0) +
      looks * costs.evaluation;
    return { stage: stageName(stage), epochs, steps, hypergradients, seconds };
  });
}

interface AugmentationPlan {
  readonly by: string;
  readonly operations: readonly string[];
  readonly policies: number;
  /** Numbers that the search learns of them. */
  readonly parameters: number;
}

/** The augmentation policies that a search would learn; none if it learns none. */
function augmentationPlan(
  { search }: RunConfig,
  { experiment }: Session,
  { train }: LoadedData,
): AugmentationPlan | undefined {
  const { augmentation } = search;
  if (!augmentation || !experiment.stages.some(({ kind }) => kind === 'search')) return undefined;
  const { names } = experiment.group;
  const policy = policyFor(augmentation, augmentation.operations, { classes: train.classes, groups: names.length });
  return {
    by: augmentation.by,
    operations: policy.operations.map(({ name }) => name),
    policies: policy.cells,
    parameters: policySize(policy),
  };
}

const augmentationText = ({ by, operations, policies, parameters }: AugmentationPlan): string =>
  `Augmentation, ${by}: ${policies} ${policies === 1 ? 'policy' : 'policies'} of ${operations.join(', ')}; ${parameters} numbers to learn\n`;

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** By class and group if there are groups, else by class; of many classes only how many there are of what sizes. */
function partsText(parts: readonly Part[], { test }: LoadedData, { names }: GroupColumn): string {
  const { classNames } = test;
  if (classNames.length * names.length > 40) {
    return parts.map(({ part, classCounts }) => `  ${part}: ${countsText(classCounts)}`).join('\n');
  }
  const groups = names.length > 1 ? names : [''];
  return textTable({
    columns: [
      { name: 'class', text: true },
      ...(names.length > 1 ? [{ name: 'group', text: true }] : []),
      ...parts.map(({ part }) => ({ name: part })),
    ],
    rows: [
      ...classNames.flatMap((name, k) =>
        groups.map((group, g) => [
          name,
          ...(names.length > 1 ? [group] : []),
          ...parts.map(({ classCounts, cellCounts }) => (cellCounts ? cellCounts[k]![g]! : classCounts[k]!)),
        ]),
      ),
      ['all', ...(names.length > 1 ? [''] : []), ...parts.map(({ samples }) => samples)],
    ],
  });
}

const stagesText = (stages: readonly StagePlan[]): string =>
  textTable({
    columns: [
      { name: 'stage', text: true },
      { name: 'epochs' },
      { name: 'steps' },
      { name: 'hypergradients' },
      { name: 'time' },
    ],
    rows: stages.map(({ stage, epochs, steps, hypergradients, seconds }) => [
      stage,
      epochs,
      steps,
      hypergradients,
      duration(seconds),
    ]),
  });

/**
 * What a run would do, without doing it: its settings, what its data is cut into, the network, and after a short {@link probe} the memory and the
 * time it takes on this machine.
 */
export async function dryRun(session: Session): Promise<CommandResult> {
  const { command, config, data } = session.options;
  const { stages } = session.experiment;
  const model = modelFor(config, data);
  const augmentation = augmentationPlan(config, session, data);
  const parts = partsOf(session, data, stages);
  const costs = await probe(config, data, stages);
  const plans = stagePlans(config, session, stages, costs);
  const seconds = plans.reduce((sum, stage) => sum + stage.seconds, 0);
  const { name: backend, device } = currentBackend().info();
  const parameters = parameterCount(model);
  const memory = { peakBytes: costs.peakBytes, machineBytes: totalmem() };
  const solve = costs.hypergradient === undefined ? '' : `, a hypergradient ${costs.hypergradient.toFixed(3)} s`;
  return {
    exitCode: EXIT.ok,
    text: [
      `Settings\n\n${configText(config)}`,
      `Samples\n${partsText(parts, data, session.experiment.group)}\n`,
      `Model: ${model.name}, ${parameters} parameters\n`,
      ...(augmentation ? [augmentationText(augmentation)] : []),
      `Stages of ${command}\n${stagesText(plans)}\n`,
      `Memory: about ${gigabytes(memory.peakBytes)} of ${gigabytes(memory.machineBytes)}.`,
      `Time: about ${duration(seconds)} on ${backend} (${device}); a step took ${costs.step.toFixed(3)} s${solve}.\n`,
    ].join('\n'),
    json: {
      command,
      config,
      parts,
      model: { name: model.name, parameters },
      ...(augmentation && { augmentation }),
      stages: plans,
      seconds,
      costs,
      memory,
    },
  };
}
