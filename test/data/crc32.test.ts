import { expect, test } from 'vitest';
import { crc32 } from '../../src/data/crc32.js';

test('crc32 of the check value and of nothing', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});
