import { description, type LearnedLoss, type Provenance, tableSource } from './learned-loss.js';

/** A Python module with a `torch.nn.Module`; PyTorch 1.8 or later. */
export function pytorchSource(loss: LearnedLoss, provenance: Provenance): string {
  const grouped = loss.groups !== undefined;
  const pick = (name: string): string => (grouped ? `self.${name}.to(logits).t()[groups]` : `self.${name}.to(logits)`);
  return `"""Parametric cross-entropy with learned numbers, for PyTorch.

${description(loss, provenance).join('\n')}
"""

import torch
import torch.nn.functional as F

DELTA = ${tableSource(loss.delta, grouped)}
IOTA = ${tableSource(loss.iota, grouped)}
WEIGHT = ${tableSource(loss.weight, grouped)}


class AutoBalanceLoss(torch.nn.Module):
    """Takes logits [N, ${loss.classCounts.length}], labels [N]${grouped ? ' and groups [N]' : ''}; computes in the logits' dtype, on their device."""

    def __init__(self, reduction="mean"):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"reduction must be mean, sum or none, got {reduction!r}")
        self.reduction = reduction
        for name, table in (("delta", DELTA), ("iota", IOTA), ("weight", WEIGHT)):
            self.register_buffer(name, torch.tensor(table, dtype=torch.float64), persistent=False)

    def forward(self, logits, labels${grouped ? ', groups' : ''}):
        adjusted = ${pick('delta')} * logits + ${pick('iota')}
        weight = ${grouped ? 'self.weight.to(logits)[labels, groups]' : 'self.weight.to(logits)[labels]'}
        losses = weight * F.cross_entropy(adjusted, labels, reduction="none")
        if self.reduction == "none":
            return losses
        return losses.mean() if self.reduction == "mean" else losses.sum()
`;
}
