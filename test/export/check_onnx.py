"""check_onnx.py MODEL.onnx: whether the reference checker takes it, shapes inferred and all, as JSON."""

import json
import sys

import onnx

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
print(json.dumps({"engine": f"onnx {onnx.__version__}", "nodes": len(model.graph.node)}))
