// The one device of the process: its stream, its memory and the pinned memory through which the host's arrays go. Everything is given to one stream,
// so that memory which is released is used again only after what was given before.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>

namespace ab::cuda {

class Device {
 public:
  // The first device that CUDA_VISIBLE_DEVICES shows. Never destroyed: the driver goes before the process does. Throws CudaError.
  static Device& instance();

  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Held by whoever gives work to the stream.
  std::recursive_mutex& mutex() { return mutex_; }
  cudaStream_t stream() const { return stream_; }
  const cudaDeviceProp& properties() const { return properties_; }

  // Stream-ordered; throws CudaError. None of zero bytes.
  void* allocate(size_t bytes);
  void release(void* memory) noexcept;
  // Copies what `from` holds now; the copy itself comes when its turn is.
  void upload(void* to, const void* from, size_t bytes);
  // Waits for all work before it.
  void download(void* to, const void* from, size_t bytes);
  // Until all that was given is done. Throws CudaError if something of it failed.
  void wait();

  // Memory that programs share, for none of them uses it between runs: as large as the largest that is alive needs.
  void enter(size_t bytes);
  void leave(size_t bytes) noexcept;
  std::byte* arena();

 private:
  Device();
  std::byte* stage(size_t bytes);

  std::recursive_mutex mutex_;
  cudaStream_t stream_ = nullptr;
  cudaDeviceProp properties_{};
  std::byte* staging_ = nullptr;
  size_t staged_ = 0;
  std::multiset<size_t> demands_;
  std::byte* arena_ = nullptr;
  size_t arenaBytes_ = 0;
};

// Bytes on the device, released with the last who holds them.
class DeviceArray {
 public:
  // Throws CudaError.
  explicit DeviceArray(size_t bytes);
  ~DeviceArray();
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  void* memory() const { return memory_; }
  size_t bytes() const { return bytes_; }
  // Waits for what computes them. Throws CudaError.
  void read(void* to) const;

 private:
  void* memory_;
  size_t bytes_;
};

}  // namespace ab::cuda
