import { type Body, isNotFinite, isNotNumber } from './body.js';

/**
 * The elementary functions in f32 arithmetic alone, within 4 units in the last place (powers: 16). Shading languages have functions of these
 * names that are not: exp is allowed 3 + 2·|x| units, and expm1 and log1p are made of exp and log, which loses everything near 0. They are
 * written into the kernel line by line, since gpu.js declares functions that call each other in an order that GLSL does not accept. They rely
 * on roundings being left where they are: (a + b) − a is not b.
 */
type Inline = (body: Body, x: string) => string;

/** 2ⁿ for whole n, at most 255 either way: by the bits of n. */
function twoTo(body: Body, n: string): string {
  const rest = body.variable(`Math.abs(${n})`);
  const factor = body.variable('2');
  const power = body.variable('1');
  const half = body.variable('0');
  const bit = body.fresh();
  body.add(`if (${n} < 0) { ${factor} = 0.5; }`);
  body.add(`for (let ${bit} = 0; ${bit} < 8; ${bit}++) {`);
  body.add(`${half} = Math.floor(${rest} * 0.5);`);
  body.add(`if (${rest} - 2 * ${half} > 0.5) { ${power} = ${power} * ${factor}; }`);
  body.add(`${factor} = ${factor} * ${factor};`);
  body.add(`${rest} = ${half};`);
  body.add('}');
  return power;
}

/** x·2ⁿ in two steps, either of which stays in range where the result does. */
function scaled(body: Body, x: string, n: string): string {
  const half = body.set(`Math.floor(${n} * 0.5)`);
  const first = body.set(`${x} * ${twoTo(body, half)}`);
  return body.set(`${first} * ${twoTo(body, body.set(`${n} - ${half}`))}`);
}

/** Terms of a power series, lowest first, by Horner's rule. */
const series = (x: string, terms: readonly string[]): string =>
  terms.reduceRight((sum, term) => (sum === '' ? term : `(${term} + ${x} * ${sum})`), '');

/** ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact. */
const LN2 = '0.693359375';
const LN2_REST = '0.00021219444';

/** n and eʳ − 1 with x = n·ln 2 + r and |r| ≤ ln 2 / 2. */
function split(body: Body, x: string): { readonly n: string; readonly tail: string } {
  const n = body.set(`Math.floor(${x} * 1.442695 + 0.5)`);
  const r = body.set(`${x} - ${n} * ${LN2} + ${n} * ${LN2_REST}`);
  const terms = ['0.5', '0.16666667', '0.041666668', '0.008333334', '0.0013888889', '0.0001984127', '0.000024801588'];
  return { n, tail: body.set(`${r} + ${r} * ${r} * ${series(r, terms)}`) };
}

/** What lies beyond has the result of the bound, up to what is smaller than any number. */
function bounded(body: Body, x: string, low: string, high: string): string {
  const y = body.variable(x);
  body.add(`if (${x} > ${high}) { ${y} = ${high}; }`);
  body.add(`if (${x} < ${low}) { ${y} = ${low}; }`);
  return y;
}

export const exp: Inline = (body, x) => {
  const { n, tail } = split(body, bounded(body, x, '-104', '89'));
  return scaled(body, body.set(`1 + ${tail}`), n);
};

export const expm1: Inline = (body, x) => {
  const { n, tail } = split(body, bounded(body, x, '-20', '89'));
  // 2ⁿ·tail + (2ⁿ − 1), halved while 2ⁿ alone is out of range.
  const scale = twoTo(body, body.set(`${n} - 1`));
  const result = body.variable(tail);
  body.add(`if (${n} != 0) { ${result} = (${scale} * ${tail} + (${scale} - 0.5)) * 2; }`);
  return result;
};

/** k and m of x = 2ᵏ·m with m from √½ to √2. */
function parts(body: Body, x: string): { readonly k: string; readonly m: string } {
  const k = body.variable(`Math.floor(Math.log2(${x}) + 0.5)`);
  const m = body.variable(scaled(body, x, body.set(`-${k}`)));
  body.add(`if (${m} > 1.4142135) { ${m} = ${m} * 0.5; ${k} = ${k} + 1; }`);
  body.add(`if (${m} < 0.70710677) { ${m} = ${m} * 2; ${k} = ${k} - 1; }`);
  return { k, m };
}

/** log((1 + s)/(1 − s)) − 2·s. */
function curve(body: Body, s: string): string {
  const z = body.set(`${s} * ${s}`);
  return body.set(`${s} * ${z} * ${series(z, ['0.6666667', '0.4', '0.2857143', '0.22222222', '0.18181819'])}`);
}

/** log(1 + f) + k·ln 2 for 1 + f from √½ to √2: f less what its square takes away, so that only the last sum rounds at f's size. */
function logNear(body: Body, f: string, k: string): string {
  const s = body.set(`${f} / (2 + ${f})`);
  const square = body.set(`0.5 * ${f} * ${f}`);
  const less = body.set(`${square} - (${s} * ${square} + ${curve(body, s)} - ${k} * ${LN2_REST})`);
  return body.set(`${k} * ${LN2} + (${f} - ${less})`);
}

export const log: Inline = (body, x) => {
  const { k, m } = parts(body, x);
  const result = body.variable(logNear(body, body.set(`${m} - 1`), k));
  body.add(`if (${x} == 0) { ${result} = -1 / Math.abs(${x}); }`);
  body.add(`if (${x} < 0) { ${result} = (${x} - ${x}) / (${x} - ${x}); }`);
  // ∞ and NaN; a comparison with the largest number would do for ∞ alone.
  body.add(`if (${isNotFinite(x)} && !(${x} < 0)) { ${result} = ${x}; }`);
  return result;
};

export const log1p: Inline = (body, x) => {
  const u = body.set(`1 + ${x}`);
  const far = log(body, u);
  const near = logNear(body, x, '0');
  const result = body.variable(far);
  body.add(`if (${u} > 0 && ${x} < 16777216) { ${result} = ${far} + (${x} - (${u} - 1)) / ${u}; }`);
  body.add(`if (${x} > -0.29 && ${x} < 0.41) { ${result} = ${near}; }`);
  return result;
};

export const tanh: Inline = (body, x) => {
  const e = expm1(body, body.set(`2 * ${bounded(body, body.set(`Math.abs(${x})`), '0', '10')}`));
  const t = body.set(`${e} / (${e} + 2)`);
  return body.set(`((${x} < 0) ? -${t} : ${t})`);
};

export const sigmoid: Inline = (body, x) => {
  const e = exp(body, body.set(`-Math.abs(${x})`));
  const p = body.set(`1 / (1 + ${e})`);
  return body.set(`((${x} < 0) ? ${e} * ${p} : ${p})`);
};

export const softplus: Inline = (body, x) => {
  const y = log1p(body, exp(body, body.set(`-Math.abs(${x})`)));
  return body.set(`((${x} > 0) ? ${x} + ${y} : ${y})`);
};

/** The sine a number of quarters of the circle further on. */
function sine(body: Body, x: string, quarters: number): string {
  const n = body.set(`Math.floor(${x} * 0.63661975 + 0.5)`);
  // Three parts of π/2, the first two short enough for exact products.
  const r = body.set(`${x} - ${n} * 1.5703125 - ${n} * 0.0004837512969970703 - ${n} * 0.00000007549789954891`);
  const z = body.set(`${r} * ${r}`);
  const s = body.set(
    `${r} + ${r} * ${z} * ${series(z, ['(-0.16666667)', '0.008333333', '(-0.0001984127)', '0.0000027557319'])}`,
  );
  const terms = ['0.041666668', '(-0.0013888889)', '0.000024801587', '(-0.00000027557319)'];
  const c = body.set(`1 - (0.5 * ${z} - ${z} * ${z} * ${series(z, terms)})`);
  const turned = body.set(`${n} + ${quarters}`);
  const quarter = body.set(`${turned} - 4 * Math.floor(${turned} * 0.25)`);
  const result = body.variable(s);
  body.add(`if (${quarter} == 1 || ${quarter} == 3) { ${result} = ${c}; }`);
  body.add(`if (${quarter} > 1.5) { ${result} = -${result}; }`);
  body.add(`if (${isNotFinite(x)}) { ${result} = ${x} - ${x}; }`);
  return result;
}

export const sin: Inline = (body, x) => sine(body, x, 0);
export const cos: Inline = (body, x) => sine(body, x, 1);

/** a·b − p for p = a·b rounded: the halves of each factor have 12 bits, and their products are exact. */
function rest(body: Body, a: string, b: string, p: string): string {
  const halves = (x: string): [string, string] => {
    const wide = body.set(`4097 * ${x}`);
    const high = body.set(`${wide} - (${wide} - ${x})`);
    return [high, body.set(`${x} - ${high}`)];
  };
  const [ah, al] = halves(a);
  const [bh, bl] = halves(b);
  return body.set(`${ah} * ${bh} - ${p} + ${ah} * ${bl} + ${al} * ${bh} + ${al} * ${bl}`);
}

/** x^y for positive finite x and finite y: the logarithm in two numbers, with twice the digits of one. */
function positivePow(body: Body, x: string, y: string): string {
  const { k, m } = parts(body, x);
  const f = body.set(`${m} - 1`);
  const t = body.set(`2 + ${f}`);
  const s = body.set(`${f} / ${t}`);
  const p = body.set(`${s} * ${t}`);
  const low = body.set(`(${f} - ${p} - ${rest(body, s, t, p)} - ${s} * (${f} - (${t} - 2))) / ${t}`);
  const a = body.set(`${k} * ${LN2}`);
  const b = body.set(`2 * ${s}`);
  const high = body.set(`${a} + ${b}`);
  const back = body.set(`${high} - ${a}`);
  const lost = body.set(`(${a} - (${high} - ${back})) + (${b} - ${back})`);
  const more = body.set(`${lost} + (2 * ${low} + ${curve(body, s)} - ${k} * ${LN2_REST})`);
  const whole = body.set(`${y} * ${high}`);
  const e = exp(body, whole);
  const result = body.variable(e);
  const correction = expm1(body, body.set(`${rest(body, y, high, whole)} + ${y} * ${more}`));
  // Beyond these it is 0 or ∞ whatever the correction, which may be no number there.
  body.add(`if (${whole} < 89 && ${whole} > -104) { ${result} = ${e} + ${e} * ${correction}; }`);
  return result;
}

export const pow = (body: Body, x: string, y: string): string => {
  const size = body.set(`Math.abs(${x})`);
  const result = body.variable(positivePow(body, size, y));
  body.add(`if (${size} == 0 || ${isNotFinite(size)}) {`);
  body.add(`${result} = ${size};`);
  body.add(`if (${y} < 0) { ${result} = 1 / ${size}; }`);
  body.add('}');
  body.add(`if (${x} < 0) {`);
  body.add(`if (${y} - 2 * Math.floor(${y} * 0.5) == 1) { ${result} = -${result}; }`);
  body.add(
    `if (Math.floor(${y}) != ${y} && ${size} - ${size} == 0) { ${result} = (${size} - ${size}) / (${size} - ${size}); }`,
  );
  body.add('}');
  body.add(`if (${isNotFinite(y)}) {`);
  body.add(`${result} = 0;`);
  body.add(`if ((${size} > 1 && ${y} > 0) || (${size} < 1 && ${y} < 0)) { ${result} = Math.abs(${y}); }`);
  body.add(`if (${size} == 1 || ${isNotNumber(y)}) { ${result} = ${y} - ${y}; }`);
  body.add('}');
  body.add(`if (${isNotNumber(x)}) { ${result} = ${x}; }`);
  body.add(`if (${y} == 0) { ${result} = 1; }`);
  return result;
};
