import { type Atom, bytesOf, type Equation, Literal, sizeOf, type Var } from '../ir/index.js';

/** Elementwise steps that making a residual again may take. What they read, a sweep has at hand anyway; each costs about a byte of traffic. */
const MAX_STEPS = 12;
/** A residual is made again only from what is kept anyway, and from numbers this many times smaller. */
const SMALLER = 8;

/** Cheaper to make again than to keep: no arithmetic. */
export const isFree = ({ primitive, inputs }: Equation): boolean =>
  primitive.category === 'view' || primitive.category === 'broadcast' || inputs.length === 0;

/**
 * Chooses residuals that need not be kept, for they are a few elementwise steps from others that are: a rectified linear unit's output
 * from batch-norm's input and statistics, the cotangent behind batch-norm from the one before it. On ResNet-32 that is 40 % of their
 * bytes (634 to 378 MiB with 128 images), for at most 3 % more time in a Hessian product. The last ones are tried first; what a choice rests on is kept, so chains
 * stay short.
 * @param residuals what would be kept; none of them free to make again
 * @param known the equation that makes each variable that does not depend on tangents; inputs have none
 * @returns the equations to run again
 */
export function remadeEquations(residuals: ReadonlySet<Var>, known: ReadonlyMap<Var, Equation>): Set<Equation> {
  const kept = new Set(residuals);
  const pinned = new Set<Var>();
  const remade = new Set<Equation>();
  for (const residual of [...residuals].reverse()) {
    // A mask takes a quarter of what it is made from, and less time to load than to compute.
    if (pinned.has(residual) || bytesOf(residual.aval.dtype) < 4) continue;
    const cone = coneOf(residual, kept, known);
    if (!cone) continue;
    kept.delete(residual);
    for (const equation of cone.equations) remade.add(equation);
    for (const leaf of cone.leaves) {
      kept.add(leaf);
      pinned.add(leaf);
    }
  }
  return remade;
}

/** What processors round correctly they compute in one instruction; exp and its like take twenty, more than it takes to load a number. */
const isOneInstruction = ({ primitive }: Equation): boolean =>
  primitive.category === 'elementwise' && (primitive.ulps ?? 0) <= 1;

interface Cone {
  readonly equations: ReadonlySet<Equation>;
  readonly leaves: ReadonlySet<Var>;
}

/** How `target` follows from what is kept; `undefined` if it does not, or not cheaply. */
function coneOf(target: Var, kept: ReadonlySet<Var>, known: ReadonlyMap<Var, Equation>): Cone | undefined {
  const bytes = byteSize(target);
  const equations = new Set<Equation>();
  const leaves = new Set<Var>();
  let steps = 0;
  let extra = 0;
  const follow = (atom: Atom): boolean => {
    if (atom instanceof Literal || leaves.has(atom)) return true;
    const equation = known.get(atom);
    const available = !equation || (atom !== target && kept.has(atom));
    if (available || (byteSize(atom) * SMALLER <= bytes && !isFree(equation))) {
      leaves.add(atom);
      if (!available) extra += byteSize(atom);
      return extra * SMALLER <= bytes;
    }
    if (equations.has(equation)) return true;
    if (!isFree(equation)) {
      steps += 1;
      if (!isOneInstruction(equation) || steps > MAX_STEPS) return false;
    }
    equations.add(equation);
    return equation.inputs.every(follow);
  };
  return follow(target) ? { equations, leaves } : undefined;
}

const byteSize = ({ aval }: Var): number => sizeOf(aval.shape) * bytesOf(aval.dtype);
