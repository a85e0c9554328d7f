import { sizeOf, stridesOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { isNotNumber, offsetOf } from './body.js';
import { gather, type Lower } from './lower.js';

/** Rows of x at indices; an index out of range reads zeros. */
export const takeRows: Lower<ParamsOf<'takeRows'>> = ([index, x], _, output, limits) => [
  gather(output, limits, (body, digits) => {
    const rank = index!.shape.length;
    const at = body.set(`${body.array(index!.place)}[${offsetOf(digits.slice(0, rank), stridesOf(index!.shape))}]`);
    const source = offsetOf([at, ...digits.slice(rank)], stridesOf(x!.shape));
    return `(${at} >= 0 && ${at} < ${x!.shape[0]}) ? ${body.array(x!.place)}[${source}] : 0`;
  }),
];

/** Every row looks for the indices that name it: the reading form of adding where indices say. */
export const addRows: Lower<ParamsOf<'addRows'>> = ([index, y], _, output, limits) => [
  gather(output, limits, (body, [row, ...rest]) => {
    const indices = body.array(index!.place);
    const values = body.array(y!.place);
    const inner = output.shape.slice(1);
    const within = offsetOf(rest, stridesOf(inner));
    body.add('let total = 0;');
    body.add(`for (let k = 0; k < ${sizeOf(index!.shape)}; k++) {`);
    body.add(`total += (${indices}[k] == ${row}) ? ${values}[${offsetOf(['k', within], [sizeOf(inner), 1])}] : 0;`);
    body.add('}');
    return 'total';
  }),
];

/** The first of equal maxima, and the first NaN before any number. */
export const argmax: Lower<ParamsOf<'argmax'>> = ([x], { axis }, output, limits) => [
  gather(output, limits, (body, digits) => {
    const array = body.array(x!.place);
    const strides = stridesOf(x!.shape);
    const base = body.offset(digits, strides.toSpliced(axis, 1));
    body.add(`let best = ${array}[${base}];`);
    body.add('let at = 0;');
    body.add(`for (let k = 0; k < ${x!.shape[axis]}; k++) {`);
    const value = body.set(`${array}[${offsetOf([base, 'k'], [1, strides[axis]!])}]`);
    body.add(`if (${value} > best || (${isNotNumber(value)} && best == best)) {`);
    body.add(`best = ${value};`);
    body.add('at = Math.floor(k);');
    body.add('}}');
    return 'at';
  }),
];
