import { stridesOver } from '../../compile/fuse-pattern.js';
import type { Access, Fold, Group } from '../../compile/instructions.js';
import { Literal, stridesOf, type Var } from '../../ir/index.js';
import { Body, offsetOf } from './body.js';
import { expressionOf, folds } from './elementwise.js';
import type { Launch, Limits, Place } from './launch.js';
import { reduce } from './reduce.js';

/**
 * One kernel for each result of a fused group: the steps that lead to it from memory, or from results of the group that are there already.
 * What does not fit the number of arrays that a kernel can read is computed in parts.
 */
export function sweep(group: Group, limits: Limits): Launch[] {
  const sweeper = new Sweeper(group, limits);
  for (const { output } of group.steps) if (group.stored.has(output)) sweeper.store(output);
  for (const fold of group.folds) sweeper.fold(fold);
  return sweeper.launches;
}

class Sweeper {
  readonly launches: Launch[] = [];
  private readonly group: Group;
  private readonly limits: Limits;
  private readonly extents: number[];
  private readonly makers: ReadonlyMap<Var, Group['steps'][number]>;
  private readonly inMemory = new Set<Var>();

  constructor(group: Group, limits: Limits) {
    this.group = group;
    this.limits = limits;
    this.extents = group.extents;
    this.makers = new Map(group.steps.map((step) => [step.output, step]));
  }

  store(variable: Var): void {
    if (this.inMemory.has(variable)) return;
    this.fit(this.makers.get(variable)!.inputs);
    const body = new Body(this.limits);
    const { digits, grid } = body.threads(this.extents);
    const value = this.evaluator(body, (strides) => offsetOf(digits, strides))(variable);
    body.add(`return ${value};`);
    this.launches.push(body.launch(variable, grid));
    this.inMemory.add(variable);
  }

  fold({ code, input, pattern, output }: Fold): void {
    this.fit([input]);
    const kept = stridesOver(pattern, this.extents).map((stride) => stride !== 0);
    const kind = folds.get(code) as 'sum' | 'max';
    const write = (body: Body, offset: (strides: readonly number[]) => string): string =>
      this.evaluator(body, offset)(input);
    this.launches.push(...reduce({ kind, extents: this.extents, kept, output, limits: this.limits, write }));
  }

  /** Computes parts of what leads to these accesses beforehand, until few enough arrays are left. */
  private fit(accesses: readonly Access[]): void {
    for (;;) {
      const leaves = this.leavesOf(accesses);
      if (leaves.size <= this.limits.inputs) return;
      // The part that reads most of what one kernel can.
      let best: Var | undefined;
      let most = 1;
      for (const variable of this.coneOf(accesses)) {
        const { size } = this.leavesOf(this.makers.get(variable)!.inputs);
        if (size > most && size <= this.limits.inputs) {
          best = variable;
          most = size;
        }
      }
      this.store(best!);
    }
  }

  /** Steps that are run anew to have these accesses. */
  private coneOf(accesses: readonly Access[], cone = new Set<Var>()): Set<Var> {
    for (const access of accesses) {
      const variable = this.madeHere(access);
      if (!variable || cone.has(variable)) continue;
      cone.add(variable);
      this.coneOf(this.makers.get(variable)!.inputs, cone);
    }
    return cone;
  }

  private leavesOf(accesses: readonly Access[]): Set<Var | Literal> {
    const all = [...accesses, ...[...this.coneOf(accesses)].flatMap((variable) => this.makers.get(variable)!.inputs)];
    const read = all.filter((access) => !this.madeHere(access) && isArray(access.root));
    return new Set(read.map(({ root }) => (root instanceof Literal ? SPECIAL : root)));
  }

  /** The variable that an access names, if its step is to be run where it is read. */
  private madeHere(access: Access): Var | undefined {
    return this.group.reads(access) && !this.inMemory.has(access.root as Var) ? (access.root as Var) : undefined;
  }

  /** Writes what computes an access, or a step's result, at the element that `offset` speaks of; each only once. */
  private evaluator(body: Body, offset: (strides: readonly number[]) => string): (of: Access | Var) => string {
    const known = new Map<Place | string, string>();
    const load = (root: Var, strides: readonly number[]): string => {
      const source = `${body.array(root)}[${offset(strides)}]`;
      const name = known.get(source) ?? body.set(source);
      known.set(source, name);
      return name;
    };
    const step = (variable: Var): string => {
      const made = known.get(variable);
      if (made) return made;
      const { code, inputs, output } = this.makers.get(variable)!;
      const operands = inputs.map(read);
      const name = body.set(expressionOf(code, body, operands, output.aval.dtype));
      known.set(variable, name);
      return name;
    };
    const read = (access: Access): string => {
      const { root, pattern } = access;
      if (root instanceof Literal) return body.literal(root.value);
      if (this.madeHere(access)) return step(root);
      const strides = this.group.reads(access) ? stridesOf(this.extents) : stridesOver(pattern, this.extents);
      return load(root, strides);
    };
    return (of) => ('root' in of ? read(of) : step(of));
  }
}

const SPECIAL = new Literal(Number.NaN, 'f32');
const isArray = (root: Var | Literal): boolean => !(root instanceof Literal) || !Number.isFinite(root.value);
