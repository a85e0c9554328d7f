"""OpenBLAS as a peer, through its C interface: reads a case a line as JSON, answers with its times in milliseconds."""
import ctypes
import json
import random
import sys
import time

ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112


def load():
    for name in ("libopenblas.so.0", "libopenblas.so"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    sys.exit("libopenblas is not installed (Debian: libopenblas0)")


def main():
    blas = load()
    blas.openblas_set_num_threads(int(sys.argv[1]))
    blas.openblas_get_config.restype = ctypes.c_char_p
    blas.openblas_get_corename.restype = ctypes.c_char_p
    version = f"{blas.openblas_get_config().decode().split()[1]} {blas.openblas_get_corename().decode()}"
    print(json.dumps({"version": version, "threads": blas.openblas_get_num_threads()}), flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"times": measure(blas, case) if case["kind"] == "gemm" else None}), flush=True)


def measure(blas, c):
    m, n, k, batch = c["m"], c["n"], c["k"], c.get("batch", 1)
    real, function, one = (
        (ctypes.c_double, blas.cblas_dgemm, ctypes.c_double(1)) if c["dtype"] == "f64" else (ctypes.c_float, blas.cblas_sgemm, ctypes.c_float(1))
    )
    zero = real(0)
    a, b, out = [(real * (size * batch))() for size in (m * k, k * n, m * n)]
    for array in (a, b):
        for i in range(0, len(array), 7):
            array[i] = random.random()
    lda, ldb = (m if c["transA"] else k), (k if c["transB"] else n)
    kinds = [TRANSPOSED if c[t] else PLAIN for t in ("transA", "transB")]
    at = lambda array, size, i: ctypes.byref(array, i * size * ctypes.sizeof(real))
    calls = [(ROW_MAJOR, *kinds, m, n, k, one, at(a, m * k, i), lda, at(b, k * n, i), ldb, zero, at(out, m * n, i), n) for i in range(batch)]

    def run():
        for call in calls:
            function(*call)

    run()
    times, end = [], time.perf_counter() + c["seconds"]
    # Small products are timed in groups, so that the clock and the loop do not count.
    group = max(1, min(1000, int(1e6 / max(1, m * n * k * batch))))
    while len(times) < 3 or (time.perf_counter() < end and len(times) < 2000):
        start = time.perf_counter()
        for _ in range(group):
            run()
        times.append((time.perf_counter() - start) * 1e3 / group)
    return times


main()
