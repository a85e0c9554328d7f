#include "cuda_runtime.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>

using Work = std::function<void()>;

struct CUstream_st {
  std::deque<Work> waiting;
  bool capturing = false;
  std::vector<Work> captured;
};
struct CUgraph_st {
  std::vector<Work> nodes;
};
struct CUgraphExec_st {
  std::vector<Work> nodes;
};

namespace {

// Whoever waits runs what was given to the stream, while another thread may be giving it more.
std::recursive_mutex mutex;

// By address; sizes in bytes.
std::map<void*, size_t> onDevice, pinned;

bool isPinned(const void* memory, size_t bytes) {
  return std::any_of(pinned.begin(), pinned.end(), [&](const auto& each) {
    const auto* const first = static_cast<const std::byte*>(each.first);
    const auto* const at = static_cast<const std::byte*>(memory);
    return at >= first && at + bytes <= first + each.second;
  });
}

// Alignment as a GPU's allocator gives it, and all bits set: NaN.
void* poisoned(size_t bytes) {
  void* const memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (memory != nullptr) std::memset(memory, 0xff, bytes);
  return memory;
}

void runAll(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  while (!stream->waiting.empty()) {
    const Work work = std::move(stream->waiting.front());
    stream->waiting.pop_front();
    work();
  }
}

}  // namespace

void simt::enqueue(cudaStream_t stream, Work work) {
  const std::lock_guard lock(mutex);
  if (stream->capturing) stream->captured.push_back(std::move(work));
  else stream->waiting.push_back(std::move(work));
}

size_t simt::allocatedBytes() {
  size_t bytes = 0;
  for (const auto& each : onDevice) bytes += each.second;
  return bytes;
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
  }
  return "unknown error";
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated on the CPU, for tests", size_t{1} << 30, 0, 0, 1};
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidValue; }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new CUstream_st();
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream->capturing) return cudaErrorStreamCaptureUnsupported;
  runAll(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream->capturing) return cudaErrorInvalidValue;
  stream->capturing = true;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (!stream->capturing) return cudaErrorInvalidValue;
  stream->capturing = false;
  *graph = new CUgraph_st{std::move(stream->captured)};
  stream->captured.clear();
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  *made = new CUgraphExec_st{graph->nodes};
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  for (const Work& node : graph->nodes) simt::enqueue(stream, node);
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }

cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (stream->capturing) return cudaErrorStreamCaptureUnsupported;
  // Less than the machine has: what asks for too much must learn it.
  if (bytes == 0 || bytes > size_t{1} << 30) return bytes == 0 ? cudaErrorInvalidValue : cudaErrorMemoryAllocation;
  *memory = poisoned(bytes);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  onDevice[*memory] = bytes;
  simt::registerMemory(*memory, bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (stream->capturing || onDevice.count(memory) == 0) return cudaErrorInvalidValue;
  onDevice.erase(memory);
  simt::enqueue(stream, [memory] {
    simt::forgetMemory(memory);
    std::free(memory);
  });
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** memory, size_t bytes) {
  *memory = poisoned(bytes);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  pinned[*memory] = bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  if (pinned.erase(memory) == 0) return cudaErrorInvalidValue;
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const void* const host = kind == cudaMemcpyHostToDevice ? from : to;
  if (!isPinned(host, bytes)) throw simt::Fault("cudaMemcpyAsync: the host's memory is not pinned, so that this copy would not be asynchronous");
  simt::enqueue(stream, [=] {
    if (!simt::isDeviceMemory(kind == cudaMemcpyHostToDevice ? to : from, bytes)) throw simt::Fault("cudaMemcpyAsync: not memory of the device");
    std::memcpy(to, from, bytes);
  });
  return cudaSuccess;
}
