import { ConfigError, formatShape, ShapeError } from '../ir/index.js';

/** What the models ask of their options. */

/** [height, width, channels]. */
export type ImageShape = readonly [number, number, number];

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** @throws {ConfigError} unless `classes` is a whole number from 1. */
export function requireClasses(model: string, classes: number): void {
  if (!isCount(classes)) throw new ConfigError(`${model}: classes must be a whole number from 1, got ${classes}`);
}

/** @throws {ShapeError} unless the images are [height, width, channels] of whole numbers from 1. */
export function requireImageShape(model: string, shape: readonly number[]): void {
  if (shape.length === 3 && shape.every(isCount)) return;
  throw new ShapeError(
    `${model}: imageShape must be [height, width, channels] with extents from 1, got ${formatShape(shape)}`,
  );
}
