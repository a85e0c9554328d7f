import { type Equation, type Literal, Var } from '../ir/index.js';
import { extentsOf, isContiguous, joinCuts, type Pattern } from './fuse-pattern.js';
import { TAPE_RANK } from './tape.js';

const MAX_STEPS = 96;
const MAX_FOLDS = 16;

/** Where a value is read: a stored tensor (its `root`) or a literal, and how its elements lie there. */
export interface Access {
  readonly root: Var | Literal;
  readonly pattern: Pattern;
}

/** One elementwise operation inside a group. */
export interface Step {
  readonly code: number;
  readonly work: number;
  readonly inputs: readonly Access[];
  readonly output: Var;
}

/** A reduction at the end of a group. Nothing inside the group reads its result. */
export interface Fold {
  readonly code: number;
  readonly input: Access;
  /** Where each element's result lies; stride 0 along the axes that are folded away. */
  readonly pattern: Pattern;
  readonly output: Var;
}

/** Elementwise steps over equally many elements, run block by block in one sweep, with folds at the end. */
export class Group {
  readonly kind = 'fused';
  readonly size: number;
  cuts: readonly number[] = [];
  steps: Step[] = [];
  folds: Fold[] = [];
  /** Results of steps that must exist outside: the rest never leave the cache. */
  stored: ReadonlySet<Var> = new Set();
  private readonly defined = new Set<Var>();
  /** Tensors read once per element; sharing one is what makes fusing worth it. */
  private readonly streamed = new Set<Var>();

  constructor(size: number) {
    this.size = size;
  }

  get extents(): number[] {
    return extentsOf(this.size, this.cuts);
  }

  /** Everything its steps and folds read. */
  get accesses(): Access[] {
    return [...this.steps.flatMap((step) => step.inputs), ...this.folds.map((fold) => fold.input)];
  }

  /** Whether this access reads the result of a step of this group, so that it needs no memory. */
  reads({ root, pattern }: Access): boolean {
    return root instanceof Var && this.defined.has(root) && isContiguous(pattern);
  }

  streams({ root, pattern }: Access): boolean {
    return root instanceof Var && this.streamed.has(root) && isContiguous(pattern);
  }

  /** The group's cuts with these added; `null` if no axes can have them all. */
  joined(cuts: readonly number[]): number[] | null {
    const joined = joinCuts(this.size, this.cuts, cuts);
    return joined !== null && joined.length < TAPE_RANK ? joined : null;
  }

  get full(): boolean {
    return this.steps.length + this.streamed.size >= MAX_STEPS || this.folds.length >= MAX_FOLDS;
  }

  addStep(step: Step): void {
    this.steps.push(step);
    this.define(step.output);
    this.note(step.inputs);
  }

  /** Replaces all steps and folds. */
  rewrite(steps: readonly Step[], folds: readonly Fold[]): void {
    this.steps = [];
    this.folds = [];
    this.defined.clear();
    this.streamed.clear();
    for (const step of steps) this.addStep(step);
    for (const fold of folds) this.addFold(fold);
  }

  addFold(fold: Fold): void {
    this.folds.push(fold);
    this.note([fold.input]);
  }

  private define(variable: Var): void {
    this.defined.add(variable);
  }

  private note(inputs: readonly Access[]): void {
    for (const access of inputs) {
      if (access.root instanceof Var && isContiguous(access.pattern) && !this.defined.has(access.root)) {
        this.streamed.add(access.root);
      }
    }
  }
}

/** An equation with a kernel of its own. Its inputs are whole tensors, whose shapes are the equation's. */
export interface Kernel {
  readonly kind: 'kernel';
  readonly code: number;
  readonly equation: Equation;
  readonly inputs: readonly Var[];
  readonly output: Var;
}

export type Instruction = Group | Kernel;

/** A program as the instructions that run it, in order. */
export interface Fused {
  readonly inputs: readonly Var[];
  readonly instructions: readonly Instruction[];
  /** The tensor that holds each output, under its own or another shape. Never an input; may repeat. */
  readonly outputs: readonly Var[];
}
