import { describe, expect, test } from 'vitest';
import { STYLE } from '../../../src/report/page/style.js';

/** Custom properties of the light theme, and of the dark one. */
const themes = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) =>
  Object.fromEntries([...block!.matchAll(/--([\w]+): (#[0-9a-f]{6})/g)].map(([, name, color]) => [name!, color!])),
);

/** WCAG 2.1: relative luminance and contrast. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

test('black on white is 21', () => expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 9));

describe.each([
  ['light', themes[0]!],
  ['dark', themes[1]!],
])('%s', (_, theme) => {
  test.each(['ink', 'muted', 'link'])('%s is readable on the paper', (name) => {
    expect(contrast(theme[name]!, theme.paper!)).toBeGreaterThanOrEqual(4.5);
    if (name !== 'link') expect(contrast(theme[name]!, theme.raised!)).toBeGreaterThanOrEqual(4.5);
  });
  test.each(Array.from({ length: 10 }, (_, i) => `c${i + 1}`))('%s can be told from the paper', (name) => {
    expect(contrast(theme[name]!, theme.paper!)).toBeGreaterThanOrEqual(3);
  });
});

test('both themes define the same', () => {
  expect(themes).toHaveLength(2);
  expect(Object.keys(themes[1]!).sort()).toEqual(Object.keys(themes[0]!).sort());
});
