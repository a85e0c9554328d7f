import type { Message, Method, Points } from './messages.js';

export type Classifier = Extract<Message, { kind: 'classifier' }>;
export type Hypergradient = Extract<Message, { kind: 'hypergradient' }>;

/** All that the page knows of a run. */
export interface RunState {
  readonly classNames: readonly string[];
  /** Training samples of each class. */
  readonly counts: readonly number[];
  readonly points: Points | undefined;
  readonly classifiers: { [method in Method]?: Classifier };
  readonly hypergradients: Hypergradient[];
}

/** The colour of class `k`, as style sheets say it. */
export const classColour = (k: number): string => `var(--c${k})`;

/** The same, for a canvas: as it is now, light or dark. */
export const colourNow = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
