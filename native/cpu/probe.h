// What this machine can do at most, measured: the denominators of every benchmark.
#pragma once

namespace ab {

// Independent fused multiply-adds in registers, on the instruction set in use.
double fmaPeakGflops(int threads, bool f64);
// Bytes read plus bytes written per second by a copy too large for any cache.
double copyBandwidthGBs(int threads);

}  // namespace ab
