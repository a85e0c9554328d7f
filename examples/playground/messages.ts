import type { Choices } from './choices.js';

/** What the page asks of the worker. To begin again, it starts another worker. */
export type Request = ({ readonly kind: 'start' } & Choices) | { readonly kind: 'pause' } | { readonly kind: 'resume' };

export type Method = 'cross-entropy' | 'autobalance';
export type StageName = 'cross-entropy' | 'search' | 'retrain';

/** What can be seen of a classifier. */
export type View =
  /** The class of each pixel of a square, row by row from the top. */
  | { readonly kind: 'regions'; readonly side: number; readonly classes: Uint8Array }
  /** Test samples by true class and predicted class, [K][K]. */
  | { readonly kind: 'confusions'; readonly counts: readonly (readonly number[])[] };

/** Training samples in the plane. */
export interface Points {
  /** Half the side of the square that they are seen in. */
  readonly extent: number;
  /** [n, 2] */
  readonly at: Float32Array;
  readonly labels: Int32Array;
}

/** What the worker tells. */
export type Message =
  | {
      readonly kind: 'started';
      /** What the engine runs on, in its own words. */
      readonly device: string;
      /** Training samples of each class. */
      readonly counts: readonly number[];
      readonly points?: Points;
    }
  | {
      readonly kind: 'progress';
      readonly stage: StageName;
      /** Of the whole run, 0 to 1. */
      readonly done: number;
      readonly stepsPerSecond: number;
    }
  | {
      readonly kind: 'hypergradient';
      readonly status: string;
      /** Relative residual with which its linear system was left. */
      readonly residual: number;
      readonly delta: readonly number[];
      readonly iota: readonly number[];
    }
  | {
      readonly kind: 'classifier';
      readonly method: Method;
      /** Whether it has been trained to its end. */
      readonly final: boolean;
      /** On the test set, in percent. */
      readonly classError: readonly number[];
      readonly balancedError: number;
      readonly view: View;
    }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
