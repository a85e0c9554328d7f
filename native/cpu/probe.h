// What this machine can do at most, measured: the denominators of every benchmark.
#pragma once

namespace ab {

// Independent fused multiply-adds in registers, on the instruction set in use: the best of `runs` of about 0.2 ms. One run alone tells what the
// processor gave at that moment, which is less where its cores are shared.
double fmaPeakGflops(int threads, bool f64, int runs = 60);
// Bytes read plus bytes written per second by a copy too large for any cache.
double copyBandwidthGBs(int threads);

}  // namespace ab
