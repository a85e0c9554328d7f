// Whether a driver is here, and a device. The driver's library is loaded by name, so that the addon itself loads anywhere.
#pragma once

#include <string>

namespace ab::cuda {

enum class DriverState { ready, noDriver, oldDriver, noDevice };

struct Driver {
  DriverState state = DriverState::noDriver;
  int version = 0;      // of CUDA that it supports, as 1000 * major + 10 * minor; 0 without a driver
  int devices = 0;
  std::string message;  // what is wrong and what to do; empty if nothing is
};

// `required` is the version of CUDA that the kernels were built with: a driver of the same major version runs them.
Driver probeDriver(int required);

// The state as errors name it: ERR_CUDA_NO_DRIVER, ERR_CUDA_OLD_DRIVER, ERR_CUDA_NO_DEVICE.
const char* codeOf(DriverState state);

}  // namespace ab::cuda
