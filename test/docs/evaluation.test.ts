import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CALIBRATION_BINS, SHOT_THRESHOLDS, tooFewToJudge } from '../../src/index.js';
import results from '../export/results.json' with { type: 'json' };

const text = readFileSync(new URL('../../docs/evaluation.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');

describe('docs/evaluation.md says what the code does', () => {
  test('thresholds and bins', () => {
    expect(text).toContain(
      `more than ${SHOT_THRESHOLDS.many}, ${SHOT_THRESHOLDS.few} to ${SHOT_THRESHOLDS.many}, fewer than ${SHOT_THRESHOLDS.few} training samples`,
    );
    expect(text).toContain(`Σ over ${CALIBRATION_BINS} equally wide bins`);
  });

  test('how many samples can be judged', () => {
    const enough = (share: number): number => {
      let n = 1;
      while (tooFewToJudge(share * n, n)) n++;
      return n;
    };
    expect(text).toContain(
      `fewer than ${enough(0)} samples where none is wrong, fewer than ${enough(0.5)} where half are`,
    );
  });

  test('which programs the exports were run in', () => {
    const engines = Object.values(results).map(({ engine }) => engine);
    for (const name of ['PyTorch 1.13', 'TypeScript 7', 'ONNX Runtime 1.30']) {
      expect(engines.some((engine) => engine.startsWith(name))).toBe(true);
      expect(text).toContain(name);
    }
    expect(engines).toContain("NumPy in JAX's place");
    expect(text).toContain('**not run on JAX**; with NumPy in its place');
  });
});
