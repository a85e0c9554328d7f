"""run_jax.py EXPORTED.py CASE.json: loss and gradient of an exported loss in f64, as JSON.

Without JAX, NumPy stands in for the five functions that the export uses, and the gradient is by central differences: that checks the numbers and
what is indexed by what, but not that JAX accepts the module.
"""

import importlib.util
import json
import sys
import types

import numpy as np


def stand_in():
    jax, nn, jnp = types.ModuleType("jax"), types.ModuleType("jax.nn"), types.ModuleType("jax.numpy")

    def log_softmax(x, axis):
        shifted = x - x.max(axis=axis, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))

    nn.log_softmax = log_softmax
    jnp.asarray, jnp.mean, jnp.take_along_axis = np.asarray, np.mean, np.take_along_axis
    jax.nn, jax.numpy = nn, jnp
    sys.modules.update({"jax": jax, "jax.nn": nn, "jax.numpy": jnp})


try:
    import jax

    jax.config.update("jax_enable_x64", True)
    engine = f"JAX {jax.__version__}"
except ModuleNotFoundError:
    stand_in()
    engine = "NumPy in JAX's place"

spec = importlib.util.spec_from_file_location("exported", sys.argv[1])
exported = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exported)
case = json.load(open(sys.argv[2]))
labels = np.array(case["labels"])
logits = np.array(case["logits"], dtype=np.float64).reshape(len(labels), -1)
rest = [labels] + ([np.array(case["groups"])] if "groups" in case else [])


def value(flat):
    return float(exported.autobalance_loss(flat.reshape(logits.shape), *rest))


if engine.startswith("JAX"):
    gradient = np.asarray(jax.grad(exported.autobalance_loss)(logits, *rest)).flatten().tolist()
else:
    step = 1e-6
    flat = logits.flatten()
    gradient = [(value(flat + e) - value(flat - e)) / (2 * step) for e in step * np.eye(flat.size)]
print(json.dumps({"engine": engine, "loss": value(logits), "gradient": gradient}))
