import { stridesOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { type Body, isNotNumber, offsetOf } from './body.js';
import { gather, type Lower } from './lower.js';

/** Visits the pixels of a window that lie in the image; `visit` writes what becomes of the pixel at row `h`, column `w`. */
function overWindow(
  body: Body,
  { window, strides, padding }: ParamsOf<'windowSum'>,
  [, height, width]: readonly number[],
  [p, q]: readonly [string, string],
  visit: (h: string, w: string) => void,
): void {
  const top = body.set(`${p} * ${strides[0]} - ${padding[0][0]}`);
  const left = body.set(`${q} * ${strides[1]} - ${padding[1][0]}`);
  body.add(`for (let i = 0; i < ${window[0]}; i++) {`);
  body.add(`for (let j = 0; j < ${window[1]}; j++) {`);
  const h = body.set(`${top} + i`);
  const w = body.set(`${left} + j`);
  body.add(`if (${h} >= 0 && ${h} < ${height} && ${w} >= 0 && ${w} < ${width}) {`);
  visit(h, w);
  body.add('}}}');
}

export const windowSum: Lower<ParamsOf<'windowSum'>> = ([x], params, output, limits) => [
  gather(output, limits, (body, [n, p, q, c]) => {
    const array = body.array(x!.place);
    body.add('let total = 0;');
    overWindow(body, params, x!.shape, [p!, q!], (h, w) => {
      body.add(`total += ${array}[${offsetOf([n!, h, w, c!], stridesOf(x!.shape))}];`);
    });
    return 'total';
  }),
];

/** The first of equal maxima, and the first NaN before any number. */
export const windowArgmax: Lower<ParamsOf<'windowArgmax'>> = ([x], params, output, limits) => [
  gather(output, limits, (body, [n, p, q, c]) => {
    const array = body.array(x!.place);
    body.add('let best = 0;');
    body.add('let at = -1;');
    overWindow(body, params, x!.shape, [p!, q!], (h, w) => {
      const value = body.set(`${array}[${offsetOf([n!, h, w, c!], stridesOf(x!.shape))}]`);
      body.add(`if (at < 0 || ${value} > best || (${isNotNumber(value)} && best == best)) {`);
      body.add(`best = ${value};`);
      body.add(`at = Math.floor(${h} * ${x!.shape[2]} + ${w});`);
      body.add('}');
    });
    return 'at';
  }),
];

/** Pixel h gets from window p if p·stride = h + padding − i for one of the window's i. */
export const windowSpread: Lower<ParamsOf<'windowSpread'>> = ([y], { window, strides, padding }, output, limits) => [
  gather(output, limits, (body, [n, h, w, c]) => {
    const array = body.array(y!.place);
    const [, rows, columns] = y!.shape as [number, number, number];
    body.add('let total = 0;');
    body.add(`for (let i = 0; i < ${window[0]}; i++) {`);
    body.add(`for (let j = 0; j < ${window[1]}; j++) {`);
    const down = body.set(`${h} + ${padding[0][0]} - i`);
    const across = body.set(`${w} + ${padding[1][0]} - j`);
    const p = body.set(body.quotient(down, strides[0]!));
    const q = body.set(body.quotient(across, strides[1]!));
    const inside = [
      [down, p, strides[0], rows],
      [across, q, strides[1], columns],
    ].map(([from, at, stride, extent]) => `${from} >= 0 && ${at} * ${stride} == ${from} && ${at} < ${extent}`);
    body.add(`if (${inside.join(' && ')}) {`);
    body.add(`total += ${array}[${offsetOf([n!, p, q, c!], stridesOf(y!.shape))}];`);
    body.add('}}}');
    return 'total';
  }),
];

/** y[n, p, q, c] = x[n, index, c]; 0 where there is no such pixel. */
export const planeTake: Lower<ParamsOf<'planeTake'>> = ([index, x], _, output, limits) => [
  gather(output, limits, (body, digits) => {
    const [n, , , c] = digits;
    const [image, , channels] = stridesOf(x!.shape) as [number, number, number];
    const at = body.set(`${body.array(index!.place)}[${offsetOf(digits, stridesOf(index!.shape))}]`);
    const value = `${body.array(x!.place)}[${offsetOf([n!, at, c!], [image, channels, 1])}]`;
    return `(${at} >= 0 && ${at} < ${x!.shape[1]! * x!.shape[2]!}) ? ${value} : 0`;
  }),
];

/** Every pixel looks for the windows that name it: the reading form of adding where indices say. */
export const planePut: Lower<ParamsOf<'planePut'>> = ([index, y], { size }, output, limits) => [
  gather(output, limits, (body, [n, h, w, c]) => {
    const positions = body.array(index!.place);
    const values = body.array(y!.place);
    const here = body.set(`${h} * ${size[1]} + ${w}`);
    const [image, , channels] = stridesOf(y!.shape) as [number, number, number];
    const first = body.offset([n!, c!], [image, 1]);
    body.add('let total = 0;');
    body.add(`for (let k = 0; k < ${y!.shape[1]! * y!.shape[2]!}; k++) {`);
    const at = offsetOf([first, 'k'], [1, channels]);
    body.add(`total += (${positions}[${at}] == ${here}) ? ${values}[${at}] : 0;`);
    body.add('}');
    return 'total';
  }),
];
