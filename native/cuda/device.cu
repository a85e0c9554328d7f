#include "device.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "plan.h"

namespace ab::cuda {
namespace {

// Of pinned memory. Uploads go through it piece by piece, and wait for each other when it is full.
constexpr size_t kStaging = size_t{16} << 20;
constexpr size_t kAlignment = 256;

}  // namespace

Device& Device::instance() {
  static Device* const device = new Device();
  return *device;
}

Device::Device() {
  check(cudaSetDevice(0), "the device cannot be used");
  check(cudaGetDeviceProperties(&properties_, 0), "the device does not say what it is");
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "no stream could be made");
  // What is released stays with the process, or every wait would give it back to the system.
  cudaMemPool_t pool;
  check(cudaDeviceGetDefaultMemPool(&pool, 0), "the device has no memory pool");
  uint64_t kept = UINT64_MAX;
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &kept), "the memory pool cannot be told to keep its memory");
  void* memory = nullptr;
  check(cudaMallocHost(&memory, kStaging), "no pinned memory could be had");
  staging_ = static_cast<std::byte*>(memory);
}

void* Device::allocate(size_t bytes) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  const std::lock_guard lock(mutex_);
  const cudaError_t status = cudaMallocAsync(&memory, bytes, stream_);
  if (status == cudaErrorMemoryAllocation) {
    throw CudaError("cuda: out of memory for " + std::to_string(bytes) + " bytes more; use smaller batches or fewer intermediate values");
  }
  check(status, "no memory");
  return memory;
}

void Device::release(void* memory) noexcept {
  if (memory == nullptr) return;
  const std::lock_guard lock(mutex_);
  cudaFreeAsync(memory, stream_);
}

// Room for what is to be copied next.
std::byte* Device::stage(size_t bytes) {
  if (staged_ + bytes > kStaging) {
    wait();
    staged_ = 0;
  }
  std::byte* const room = staging_ + staged_;
  staged_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return room;
}

void Device::upload(void* to, const void* from, size_t bytes) {
  const std::lock_guard lock(mutex_);
  for (size_t at = 0; at < bytes; at += kStaging) {
    const size_t piece = std::min(kStaging, bytes - at);
    std::byte* const room = stage(piece);
    std::memcpy(room, static_cast<const std::byte*>(from) + at, piece);
    check(cudaMemcpyAsync(static_cast<std::byte*>(to) + at, room, piece, cudaMemcpyHostToDevice, stream_), "a copy to the device");
  }
}

void Device::download(void* to, const void* from, size_t bytes) {
  const std::lock_guard lock(mutex_);
  for (size_t at = 0; at < bytes; at += kStaging) {
    const size_t piece = std::min(kStaging, bytes - at);
    std::byte* const room = stage(piece);
    check(cudaMemcpyAsync(room, static_cast<const std::byte*>(from) + at, piece, cudaMemcpyDeviceToHost, stream_), "a copy from the device");
    wait();
    std::memcpy(static_cast<std::byte*>(to) + at, room, piece);
  }
}

void Device::wait() { check(cudaStreamSynchronize(stream_), "a run failed"); }

void Device::enter(size_t bytes) {
  const std::lock_guard lock(mutex_);
  demands_.insert(bytes);
}
void Device::leave(size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  demands_.erase(demands_.find(bytes));
}

std::byte* Device::arena() {
  const size_t wanted = demands_.empty() ? 0 : *demands_.rbegin();
  if (wanted > arenaBytes_ || wanted < arenaBytes_ / 4) {
    release(arena_);
    arena_ = nullptr;
    arenaBytes_ = 0;
    arena_ = static_cast<std::byte*>(allocate(wanted));
    arenaBytes_ = wanted;
  }
  return arena_;
}

DeviceArray::DeviceArray(size_t bytes) : memory_(Device::instance().allocate(bytes)), bytes_(bytes) {}
DeviceArray::~DeviceArray() { Device::instance().release(memory_); }
void DeviceArray::read(void* to) const { Device::instance().download(to, memory_, bytes_); }

}  // namespace ab::cuda
