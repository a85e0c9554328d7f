import type { FormatName } from '../../data/formats/names.js';
import type { ModelName, ModelOptions } from '../../nn/index.js';
import type { ExperimentSettings } from '../experiment.js';
import type { MethodName } from '../methods.js';
import type { ObjectiveSetting } from '../objectives/index.js';
import type { SearchSettings } from '../search-settings.js';

/** Settings that are not the seed's, as a file can hold them. */
export type PresetSettings = Omit<ExperimentSettings, 'seed' | 'search' | 'baselines'> & {
  readonly search: SearchSettings & { readonly objective: ObjectiveSetting };
  /** A model of the registry, and what it is told. */
  readonly model: { readonly name: ModelName } & ModelOptions;
  /** What a run compares unless it is told otherwise. */
  readonly methods: readonly MethodName[];
};

/** Some of the settings; a section has any of its keys. */
type Changes<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Changes<T[K]> } : T;

export interface Preset {
  readonly name: string;
  readonly description: string;
  /** The format of the data, which also knows whether it comes with npm or lies in the folder given by --data-dir. */
  readonly data: FormatName;
  readonly settings: PresetSettings;
  /** What `--quick` changes, so that a run takes minutes on a small machine: it shows that all works, not what can be reached. */
  readonly quick: Changes<PresetSettings>;
}
