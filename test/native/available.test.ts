import { expect, test } from 'vitest';
import { nativeUnavailable } from '../../src/backends/native.js';

test('where the addon must be built (CI), it is: otherwise every native test would silently be absent', () => {
  const reason = nativeUnavailable();
  if (process.env.CI) expect(reason).toBeUndefined();
  else expect(reason === undefined || reason.length > 0).toBe(true);
});
