import { jaxSource } from './jax.js';
import type { LearnedLoss, Provenance } from './learned-loss.js';
import { onnxModel } from './onnx.js';
import { pytorchSource } from './pytorch.js';
import { typescriptSource } from './typescript.js';

export type { LearnedLoss, Provenance } from './learned-loss.js';
export { jaxSource, onnxModel, pytorchSource, typescriptSource };

/** What a learned loss can be exported to. */
export const exporters = {
  pytorch: pytorchSource,
  jax: jaxSource,
  onnx: onnxModel,
  typescript: typescriptSource,
} as const satisfies Record<string, (loss: LearnedLoss, provenance: Provenance) => string | Uint8Array>;

export type ExportTarget = keyof typeof exporters;
