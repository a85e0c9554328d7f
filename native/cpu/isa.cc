#include "isa.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace ab {
namespace {

constexpr int kUnknown = -1;
std::atomic<int> current{kUnknown};

void requireSupported(Isa which) {
  if (isaSupported(which)) return;
  std::string have;
  for (Isa each : kIsas)
    if (isaSupported(each)) have += (have.empty() ? "" : ", ") + std::string(isaName(each));
  throw std::runtime_error("instruction set: this processor lacks " + std::string(isaName(which)) + "; it has " + have);
}

Isa detect() {
  const char* forced = std::getenv("AUTOBALANCE_ISA");
  if (forced != nullptr && *forced != '\0') {
    for (Isa each : kIsas) {
      if (std::string(forced) != isaName(each)) continue;
      requireSupported(each);
      return each;
    }
    throw std::runtime_error(std::string("AUTOBALANCE_ISA: expects ") + kIsaNames + ", got \"" + forced + "\"");
  }
  Isa best = kIsas[0];
  for (Isa each : kIsas)
    if (isaSupported(each)) best = each;
  return best;
}

}  // namespace

bool isaSupported(Isa which) {
  if (which == kIsas[0]) return true;
#if AB_X86
  // __builtin_cpu_supports also asks the operating system whether it saves the wider registers.
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (which == Isa::avx2) return avx2;
  return which == Isa::avx512 && avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
  return AB_NEON != 0 && which == Isa::neon;
#endif
}

const char* isaName(Isa which) {
  switch (which) {
    case Isa::avx512: return "avx512";
    case Isa::avx2: return "avx2";
    case Isa::neon: return "neon";
    case Isa::simd128: return "simd128";
    case Isa::generic: break;
  }
  return "generic";
}

const char* isaName() { return isaName(isa()); }

// Two threads that both find it unknown detect the same set, so the race is harmless.
Isa isa() {
  int known = current.load(std::memory_order_relaxed);
  if (known == kUnknown) {
    known = static_cast<int>(detect());
    current.store(known, std::memory_order_relaxed);
  }
  return static_cast<Isa>(known);
}

void setIsa(Isa which) {
  requireSupported(which);
  current.store(static_cast<int>(which), std::memory_order_relaxed);
}

}  // namespace ab
