/** The smallest ONNX model: c = MatMul(a, b) on matrices of any size, in protocol-buffer wire format. */
export function encodeMatMul(): Uint8Array {
  const value = (name: string): number[] =>
    message(1, name).concat(
      nested(2, nested(1, [...varint(1, 1), ...nested(2, [...dimension('r'), ...dimension('c')])])),
    );
  const node = [...message(1, 'a'), ...message(1, 'b'), ...message(2, 'c'), ...message(4, 'MatMul')];
  const graph = [
    ...nested(1, node),
    ...message(2, 'product'),
    ...nested(11, value('a')),
    ...nested(11, value('b')),
    ...nested(12, value('c')),
  ];
  return Uint8Array.from([...varint(1, 8), ...nested(7, graph), ...nested(8, [...message(1, ''), ...varint(2, 13)])]);
}

/** Field `id` as a whole number below 128. */
const varint = (id: number, number: number): number[] => [id << 3, number];
const bytes = (id: number, payload: readonly number[]): number[] => [
  (id << 3) | 2,
  ...length(payload.length),
  ...payload,
];
const nested = bytes;
const message = (id: number, text: string): number[] => bytes(id, [...new TextEncoder().encode(text)]);
/** An axis of unknown extent. */
const dimension = (name: string): number[] => nested(1, message(2, name));
const length = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
