"""run_pytorch.py EXPORTED.py CASE.json: loss and gradient of an exported loss in f64, as JSON."""

import importlib.util
import json
import sys

import torch

spec = importlib.util.spec_from_file_location("exported", sys.argv[1])
exported = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exported)
case = json.load(open(sys.argv[2]))
labels = torch.tensor(case["labels"])
logits = torch.tensor(case["logits"], dtype=torch.float64).reshape(len(labels), -1).requires_grad_(True)
groups = [torch.tensor(case["groups"])] if "groups" in case else []
module = exported.AutoBalanceLoss()
assert not module.state_dict(), "the numbers of the loss are no part of a model's state"
loss = module(logits, labels, *groups)
loss.backward()
each = exported.AutoBalanceLoss(reduction="none")(logits, labels, *groups)
assert torch.allclose(each.mean(), loss) and each.shape == labels.shape
assert torch.allclose(exported.AutoBalanceLoss(reduction="sum")(logits, labels, *groups), each.sum())
assert module(logits.float(), labels, *groups).dtype == torch.float32
print(json.dumps({"engine": f"PyTorch {torch.__version__}", "loss": loss.item(), "gradient": logits.grad.flatten().tolist()}))
