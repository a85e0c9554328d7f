// Times every rung on the device, beside cuBLAS where it was built with it: cuda_ladder [sizes = 256 512 1024 2048 4096]. Numbers are whole and small, so that
// every sum is exact and all must agree to the bit: with loops on the host where those take no time, with the first rung elsewhere.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "cuda/driver.h"
#include "rung.h"
#if defined(AB_CUBLAS)
#include <cublas_v2.h>
#endif

namespace {

using namespace ab::lab::device;
using ab::cuda::check;

constexpr int kRounds = 5;
constexpr float kRoundMs = 50;
constexpr int kMostSize = 1 << 15;

class Numbers {
 public:
  explicit Numbers(size_t bytes) : bytes_(bytes) { check(cudaMalloc(&memory_, bytes), "no memory for the ladder"); }
  ~Numbers() { cudaFree(memory_); }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  float* get() const { return static_cast<float*>(memory_); }
  void put(const void* from) { check(cudaMemcpy(memory_, from, bytes_, cudaMemcpyHostToDevice), "a copy to the device"); }
  void read(void* to) const { check(cudaMemcpy(to, memory_, bytes_, cudaMemcpyDeviceToHost), "a copy from the device"); }

 private:
  void* memory_ = nullptr;
  size_t bytes_;
};

// Whole numbers from -3 to 3.
std::vector<float> wholes(size_t size, uint32_t seed) {
  std::vector<float> v(size);
  for (float& x : v) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<float>(static_cast<int>((seed >> 16) % 7) - 3);
  }
  return v;
}

// The median of a few rounds, each as many launches as take kRoundMs.
double milliseconds(cudaStream_t stream, const std::function<void()>& launch) {
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin), "no event");
  check(cudaEventCreate(&end), "no event");
  const auto time = [&](int launches) {
    check(cudaEventRecord(begin, stream), "an event");
    for (int i = 0; i < launches; i++) launch();
    check(cudaEventRecord(end, stream), "an event");
    check(cudaEventSynchronize(end), "a rung failed");
    float ms = 0;
    check(cudaEventElapsedTime(&ms, begin, end), "a time");
    return ms;
  };
  time(1);
  const int launches = std::max(1, static_cast<int>(kRoundMs / std::max(time(1), 1e-3f)));
  std::vector<double> rounds;
  for (int i = 0; i < kRounds; i++) rounds.push_back(double{time(launches)} / launches);
  std::sort(rounds.begin(), rounds.end());
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  return rounds[rounds.size() / 2];
}

void line(const char* name, const Gemm& g, double ms, double peer, const char* idea) {
  const double gflops = 2.0 * g.m * g.n * g.k / ms / 1e6;
  std::printf("%-14s %10.4f ms %9.0f GFLOP/s", name, ms, gflops);
  if (peer > 0) std::printf("  %4.0f %% of cuBLAS", 100 * peer / ms);
  std::printf("  %s\n", idea);
}

// C by three loops on the host.
std::vector<float> byLoops(const Gemm& g, const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> c(static_cast<size_t>(g.m) * g.n, 0.0f);
  for (int i = 0; i < g.m; i++)
    for (int p = 0; p < g.k; p++)
      for (int j = 0; j < g.n; j++) c[static_cast<size_t>(i) * g.n + j] += a[static_cast<size_t>(i) * g.k + p] * b[static_cast<size_t>(p) * g.n + j];
  return c;
}

// One size: whether all agree. Without `timed` nothing is printed but what is wrong.
bool ladder(cudaStream_t stream, const Gemm& g, bool timed) {
  const std::vector<float> a = wholes(static_cast<size_t>(g.m) * g.k, 1), b = wholes(static_cast<size_t>(g.k) * g.n, 2);
  std::vector<float> got(static_cast<size_t>(g.m) * g.n);
  Numbers left(a.size() * 4), right(b.size() * 4), result(got.size() * 4), table(3 * sizeof(void*));
  left.put(a.data());
  right.put(b.data());
  void* const addresses[] = {left.get(), right.get(), result.get()};
  table.put(addresses);
  const Operands on{left.get(), right.get(), result.get(), reinterpret_cast<void* const*>(table.get())};

  double peer = 0;
#if defined(AB_CUBLAS)
  if (timed) {
    cublasHandle_t handle;
    if (cublasCreate(&handle) != CUBLAS_STATUS_SUCCESS || cublasSetStream(handle, stream) != CUBLAS_STATUS_SUCCESS) {
      throw ab::cuda::CudaError("cuda: cuBLAS does not start");
    }
    // By columns, as cuBLAS has matrices, C' = B' A'.
    const float one = 1, none = 0;
    peer = milliseconds(stream, [&] {
      if (cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, g.n, g.m, g.k, &one, on.b, g.n, on.a, g.k, &none, on.c, g.n) != CUBLAS_STATUS_SUCCESS) {
        throw ab::cuda::CudaError("cuda: cuBLAS computes no product");
      }
    });
    cublasDestroy(handle);
    line("cuBLAS", g, peer, peer, "NVIDIA's own, in f32");
  }
#endif

  std::vector<float> want;
  if (!timed) want = byLoops(g, a, b);
  bool right_ = true;
  for (const Rung* const rung : kRungs) {
    std::fill(got.begin(), got.end(), 77.0f);
    result.put(got.data());
    rung->launch(stream, g, on);
    check(cudaStreamSynchronize(stream), rung->name);
    result.read(got.data());
    if (want.empty()) want = got;
    if (got != want) {
      std::printf("%-14s %d x %d x %d: not the sums they should be\n", rung->name, g.m, g.n, g.k);
      right_ = false;
      continue;
    }
    if (timed) line(rung->name, g, milliseconds(stream, [&] { rung->launch(stream, g, on); }), peer, rung->idea);
  }
  return right_;
}

int run(const std::vector<int>& sizes) {
  check(cudaSetDevice(0), "the device cannot be used");
  cudaDeviceProp device{};
  check(cudaGetDeviceProperties(&device, 0), "the device does not say what it is");
  std::printf("%s, compute capability %d.%d, %d multiprocessors\n", device.name, device.major, device.minor, device.multiProcessorCount);
  cudaStream_t stream;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "no stream could be made");
  bool right = true;
  for (const Gemm& odd : {Gemm{1, 1, 1}, Gemm{3, 5, 7}, Gemm{65, 66, 40}, Gemm{129, 4, 9}, Gemm{130, 129, 257}}) right = ladder(stream, odd, false) && right;
  for (const int n : sizes) {
    std::printf("\n%d x %d x %d\n", n, n, n);
    right = ladder(stream, {n, n, n}, true) && right;
  }
  return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> sizes;
  for (int i = 1; i < argc; i++) {
    int n = 0;
    const char* const end = argv[i] + std::strlen(argv[i]);
    const auto [at, error] = std::from_chars(argv[i], end, n);
    if (error != std::errc() || at != end || n < 1 || n > kMostSize) {
      std::fprintf(stderr, "cuda_ladder: sizes are whole numbers from 1 to %d, got %s\n", kMostSize, argv[i]);
      return 2;
    }
    sizes.push_back(n);
  }
  if (sizes.empty()) sizes = {256, 512, 1024, 2048, 4096};
  const ab::cuda::Driver driver = ab::cuda::probeDriver(CUDART_VERSION);
  if (driver.state != ab::cuda::DriverState::ready) {
    std::fprintf(stderr, "%s\n", driver.message.c_str());
    return 1;
  }
  try {
    return run(sizes);
  } catch (const ab::cuda::CudaError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
