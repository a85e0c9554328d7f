import { expect, test } from 'vitest';
import { Message } from '../../src/export/protobuf.js';

const hex = (message: Message): string => Buffer.from(message.encode()).toString('hex');

test('the examples of the encoding guide', () => {
  // Field 1 = 150; field 2 = "testing"; field 3 = a message with field 1 = 150.
  expect(hex(new Message().varint(1, 150))).toBe('089601');
  expect(hex(new Message().text(2, 'testing'))).toBe('120774657374696e67');
  expect(hex(new Message().message(3, new Message().varint(1, 150)))).toBe('1a03089601');
});

test('negative and large numbers, high fields, long payloads', () => {
  expect(hex(new Message().varint(1, -1))).toBe('08ffffffffffffffffff01');
  expect(hex(new Message().varint(1, 2 ** 53 - 1))).toBe('08ffffffffffffff0f');
  expect(hex(new Message().varint(20, 0))).toBe('a00100');
  const long = new Message().bytes(1, new Uint8Array(300)).encode();
  expect([...long.subarray(0, 3)]).toEqual([0x0a, 0xac, 0x02]);
  expect(long).toHaveLength(303);
  expect(hex(new Message().text(1, 'é'))).toBe('0a02c3a9');
});
