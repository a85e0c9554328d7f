#include "driver.h"

#include <dlfcn.h>

namespace ab::cuda {
namespace {

std::string text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

// A function of the library; null if it lacks it.
template <class F>
F find(void* library, const char* name) {
  return reinterpret_cast<F>(dlsym(library, name));
}

}  // namespace

Driver probeDriver(int required) {
  Driver driver;
  // Stays loaded: CUDA's own run time is about to ask for it too.
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();
    driver.message = std::string("cuda: there is no NVIDIA driver here (") + (why == nullptr ? "libcuda.so.1 does not load" : why) +
                     "); install one that supports CUDA " + text(required) + ", or choose another backend";
    return driver;
  }
  const auto version = find<int (*)(int*)>(library, "cuDriverGetVersion");
  const auto init = find<int (*)(unsigned)>(library, "cuInit");
  const auto count = find<int (*)(int*)>(library, "cuDeviceGetCount");
  if (version == nullptr || init == nullptr || count == nullptr || version(&driver.version) != 0 || driver.version / 1000 < required / 1000) {
    driver.state = DriverState::oldDriver;
    driver.message = "cuda: the NVIDIA driver supports CUDA " + text(driver.version) + ", these kernels need " + text(required / 1000 * 1000) +
                     " or newer; update the driver, or choose another backend";
    return driver;
  }
  const int status = init(0);
  if (status != 0 || count(&driver.devices) != 0 || driver.devices == 0) {
    driver.state = DriverState::noDevice;
    driver.message = "cuda: the NVIDIA driver finds no device (cuInit says " + std::to_string(status) +
                     "); look at nvidia-smi and CUDA_VISIBLE_DEVICES, or choose another backend";
    return driver;
  }
  driver.state = DriverState::ready;
  return driver;
}

const char* codeOf(DriverState state) {
  switch (state) {
    case DriverState::noDriver: return "ERR_CUDA_NO_DRIVER";
    case DriverState::oldDriver: return "ERR_CUDA_OLD_DRIVER";
    case DriverState::noDevice: return "ERR_CUDA_NO_DEVICE";
    case DriverState::ready: break;
  }
  return "";
}

}  // namespace ab::cuda
