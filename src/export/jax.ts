import { description, type LearnedLoss, type Provenance, tableSource } from './learned-loss.js';

/** A Python module with a pure function of JAX arrays, which may be differentiated, batched and compiled. */
export function jaxSource(loss: LearnedLoss, provenance: Provenance): string {
  const grouped = loss.groups !== undefined;
  const pick = (name: string): string =>
    grouped ? `jnp.asarray(${name}, logits.dtype).T[groups]` : `jnp.asarray(${name}, logits.dtype)`;
  return `"""Parametric cross-entropy with learned numbers, for JAX.

${description(loss, provenance).join('\n')}
"""

import jax
import jax.numpy as jnp

DELTA = ${tableSource(loss.delta, grouped)}
IOTA = ${tableSource(loss.iota, grouped)}
WEIGHT = ${tableSource(loss.weight, grouped)}


def autobalance_losses(logits, labels${grouped ? ', groups' : ''}):
    """Losses [N] of logits [N, ${loss.classCounts.length}], labels [N]${grouped ? ' and groups [N]' : ''}; computes in the logits' dtype."""
    adjusted = ${pick('DELTA')} * logits + ${pick('IOTA')}
    log_p = jax.nn.log_softmax(adjusted, axis=-1)
    own = jnp.take_along_axis(log_p, labels[:, None], axis=-1)[:, 0]
    weight = jnp.asarray(WEIGHT, logits.dtype)${grouped ? '[labels, groups]' : '[labels]'}
    return -weight * own


def autobalance_loss(logits, labels${grouped ? ', groups' : ''}):
    """Mean of the losses over the batch."""
    return jnp.mean(autobalance_losses(logits, labels${grouped ? ', groups' : ''}))
`;
}
