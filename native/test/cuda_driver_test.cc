// The three ways in which there may be no device, each with a driver's library made for the purpose (test/drivers): which one loads depends on
// LD_LIBRARY_PATH, so each state needs a process of its own.
//
//     cuda_driver_test noDriver | oldDriver | noDevice | ready
#include <cstdio>
#include <cstring>

#include "cuda/driver.h"

int main(int argc, char** argv) {
  using namespace ab::cuda;
  struct Expected {
    const char* name;
    DriverState state;
    const char* code;
    const char* message;
  };
  constexpr Expected kExpected[] = {
      {"noDriver", DriverState::noDriver, "ERR_CUDA_NO_DRIVER", "there is no NVIDIA driver here"},
      {"oldDriver", DriverState::oldDriver, "ERR_CUDA_OLD_DRIVER", "supports CUDA 12.4, these kernels need 13.0 or newer"},
      {"noDevice", DriverState::noDevice, "ERR_CUDA_NO_DEVICE", "finds no device (cuInit says 100)"},
      {"ready", DriverState::ready, "", ""},
  };
  const Driver driver = probeDriver(13010);
  for (const Expected& each : kExpected) {
    if (argc != 2 || std::strcmp(argv[1], each.name) != 0) continue;
    std::printf("%s %s\n", codeOf(driver.state), driver.message.c_str());
    const bool right = driver.state == each.state && std::strcmp(codeOf(driver.state), each.code) == 0 &&
                       driver.message.find(each.message) != std::string::npos && (driver.state != DriverState::ready || driver.message.empty());
    return right ? 0 : 1;
  }
  std::fprintf(stderr, "cuda_driver_test: expects noDriver, oldDriver, noDevice or ready\n");
  return 2;
}
