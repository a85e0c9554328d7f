/** What a case computes, in plain words, so that a peer in another process or language can compute the same. */
export type Work =
  | {
      readonly kind: 'gemm';
      readonly dtype: 'f32' | 'f64';
      readonly m: number;
      readonly n: number;
      readonly k: number;
      readonly batch: number;
      readonly transA: boolean;
      readonly transB: boolean;
    }
  | {
      readonly kind: 'conv';
      readonly member: 'forward' | 'inputGrad' | 'filterGrad';
      readonly n: number;
      readonly h: number;
      readonly w: number;
      readonly c: number;
      readonly kh: number;
      readonly kw: number;
      readonly o: number;
      readonly stride: number;
      readonly pad: number;
    }
  | {
      /** Batch normalisation in training mode, then ReLU. */
      readonly kind: 'norm';
      readonly pass: 'forward' | 'backward';
      readonly n: number;
      readonly h: number;
      readonly w: number;
      readonly c: number;
    }
  | { readonly kind: 'step'; readonly model: 'resnet32' | 'mlp'; readonly batch: number }
  /** Loss and gradient of the small CNN on images of 28×28. */
  | { readonly kind: 'cnn'; readonly batch: number }
  | {
      readonly kind: 'derivative';
      readonly what: 'gradient' | 'hessianProduct' | 'hypergradient';
      readonly batch: number;
      readonly terms: number;
    };

/** A case that is ready to run here. */
export interface Case {
  readonly suite: string;
  readonly name: string;
  readonly work: Work;
  /** Floating-point operations, where they are worth counting. */
  readonly flop?: number;
  /** Bytes read and written at least, for what memory bounds. */
  readonly bytes?: number;
  /** Makes whatever it needs and returns what is timed. */
  readonly prepare: () => { readonly run: () => unknown; readonly peakBytes?: number };
}
