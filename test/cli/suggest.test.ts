import { expect, test } from 'vitest';
import { invocationOf, shellWord } from '../../src/cli/invocation.js';
import { suggestion } from '../../src/cli/suggest.js';

const known = ['seed', 'training', 'searchEpochs'];

test.each([
  ['sed', 'did you mean "seed"?'],
  ['TRAINING', 'did you mean "training"?'],
  ['searchEpoch', 'did you mean "searchEpochs"?'],
  ['xyzzyplugh', 'choose one of "seed", "training", "searchEpochs"'],
])('%s: %s', (name, text) => {
  expect(suggestion(name, known)).toBe(text);
});

test('shows names as asked, and says if there are none', () => {
  expect(suggestion('sed', known, (name) => `--${name}`)).toBe('did you mean --seed?');
  expect(suggestion('sed', [])).toBe('nothing is allowed here');
});

test('a command that can be pasted again', () => {
  expect(invocationOf('/w/dist/src/cli/main.js', '/w', {})).toBe('node dist/src/cli/main.js');
  expect(invocationOf('/w/dist/src/cli/main.js', '/w/a b', {})).toBe('node /w/dist/src/cli/main.js');
  expect(invocationOf('/w x/main.js', '/', {})).toBe("node 'w x/main.js'");
  expect(invocationOf('/usr/bin/autobalance', '/w', {})).toBe('autobalance');
  expect(invocationOf('/w/node_modules/.bin/autobalance', '/w', { npm_command: 'exec' })).toBe('npx autobalance');
  expect([shellWord('runs/a-1'), shellWord("it's"), shellWord('')]).toEqual(['runs/a-1', `'it'\\''s'`, "''"]);
});
