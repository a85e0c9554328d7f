"""PyTorch as a peer: reads a case a line as JSON, answers with its times in milliseconds. Run by the system's own python3."""
import ctypes
import gc
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


def gemm(c):
    dtype = torch.float64 if c["dtype"] == "f64" else torch.float32
    batch = [c["batch"]] if c.get("batch", 1) > 1 else []
    a = torch.randn(batch + ([c["k"], c["m"]] if c["transA"] else [c["m"], c["k"]]), dtype=dtype)
    b = torch.randn(batch + ([c["n"], c["k"]] if c["transB"] else [c["k"], c["n"]]), dtype=dtype)
    a = a.transpose(-1, -2) if c["transA"] else a
    b = b.transpose(-1, -2) if c["transB"] else b
    out = torch.empty(batch + [c["m"], c["n"]], dtype=dtype)
    return lambda: torch.matmul(a, b, out=out)


def conv(c):
    # channels_last is the layout in which oneDNN is at its best here, and ours.
    x = torch.randn(c["n"], c["c"], c["h"], c["w"]).to(memory_format=torch.channels_last)
    f = torch.randn(c["o"], c["c"], c["kh"], c["kw"]).to(memory_format=torch.channels_last)
    s, p = [c["stride"]] * 2, [c["pad"]] * 2
    y = F.conv2d(x, f, stride=s, padding=p)
    g = torch.randn_like(y)
    mask = [c["member"] == "inputGrad", c["member"] == "filterGrad", False]
    if c["member"] == "forward":
        return lambda: F.conv2d(x, f, stride=s, padding=p)
    return lambda: torch.ops.aten.convolution_backward(g, x, f, None, s, p, [1, 1], False, [0, 0], 1, mask)


def norm(c):
    x = torch.randn(c["n"], c["c"], c["h"], c["w"]).to(memory_format=torch.channels_last).requires_grad_(True)
    layer = nn.BatchNorm2d(c["c"])
    if c["pass"] == "forward":
        def forward():
            with torch.no_grad():
                torch.relu_(layer(x))
        return forward
    out = torch.relu(layer(x))
    g = torch.randn_like(out)
    return lambda: torch.autograd.grad(out, [x, layer.weight, layer.bias], g, retain_graph=True)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.short = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if stride > 1 else None

    def forward(self, x):
        h = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        return F.relu(h + (self.short(x) if self.short else x))


class ResNet(nn.Module):
    def __init__(self, depth=32, classes=10):
        super().__init__()
        n = (depth - 2) // 6
        layers, i = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
        for stage, o in enumerate([16, 32, 64]):
            for k in range(n):
                layers.append(Block(i, o, 2 if stage and k == 0 else 1))
                i = o
        self.body, self.head = nn.Sequential(*layers), nn.Linear(64, classes)

    def forward(self, x):
        return self.head(self.body(x).mean([2, 3]))


def mlp():
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def images(c):
    x = torch.randn(c["batch"], 3, 32, 32).to(memory_format=torch.channels_last)
    return x, torch.randint(0, 10, (c["batch"],))


def step(c):
    if c["model"] == "mlp":
        model, x, y = mlp(), torch.randn(c["batch"], 64), torch.randint(0, 10, (c["batch"],))
    else:
        model = ResNet().to(memory_format=torch.channels_last)
        x, y = images(c)
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)

    def run():
        optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), y).backward()
        optimiser.step()

    return run


def derivative(c):
    """A gradient, a Hessian product, or a whole hypergradient of the AutoBalance kind, as one writes them with autograd."""
    model = ResNet().to(memory_format=torch.channels_last).train()
    x, y = images(c)
    params = list(model.parameters())
    delta, iota = torch.ones(10, requires_grad=True), torch.zeros(10, requires_grad=True)

    def inner():
        return F.cross_entropy(model(x) * delta + iota, y)

    if c["what"] == "gradient":
        return lambda: torch.autograd.grad(inner(), params)
    if c["what"] == "hessianProduct":
        gradient = torch.autograd.grad(inner(), params, create_graph=True)
        v = [torch.randn_like(p) for p in params]
        return lambda: torch.autograd.grad(gradient, params, v, retain_graph=True)

    def hypergradient():
        b = torch.autograd.grad(F.cross_entropy(model(x), y), params)
        gradient = torch.autograd.grad(inner(), params, create_graph=True)
        total, term = list(b), list(b)
        for _ in range(c["terms"]):
            image = torch.autograd.grad(gradient, params, term, retain_graph=True)
            term = [t - 1e-3 * h for t, h in zip(term, image)]
            total = [s + t for s, t in zip(total, term)]
        return torch.autograd.grad(gradient, [delta, iota], total)

    return hypergradient


KINDS = {"gemm": gemm, "conv": conv, "norm": norm, "step": step, "derivative": derivative}


def peak_bytes():
    """Resident memory at its highest, since it was last reset where the kernel lets one reset it."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def reset_peak():
    # What earlier cases left with the allocator would pass for memory that this one never asked for.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def measure(run, seconds):
    """At least three samples, or as many as ten times the time allows: a hypergradient takes 20 s, and there are several rounds."""
    start = time.perf_counter()
    run()
    most = 3 if time.perf_counter() - start < 10 * seconds else 1
    times, end = [], time.perf_counter() + seconds
    while len(times) < most or (time.perf_counter() < end and len(times) < 2000):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        make = KINDS.get(case["kind"])
        if make is None:
            print(json.dumps({"times": None}), flush=True)
            continue
        reset_peak()
        before = peak_bytes()
        times = measure(make(case), case["seconds"])
        print(json.dumps({"times": times, "bytes": peak_bytes() - before}), flush=True)


main()
