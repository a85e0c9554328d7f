// How a thread sleeps until a number that another thread changes is no longer what it was.
#pragma once

#include <atomic>
#include <cstdint>

namespace ab {

#if defined(__EMSCRIPTEN_PTHREADS__)

// memory.atomic.wait32 and memory.atomic.notify themselves: libc++ polls in their place, and libc's condition variables wake ten times a
// second to see whether anybody has cancelled the thread. Of a number of 64 bits the lower half is waited for, which comes first.
template <class T>
void sleepWhile(std::atomic<T>& number, T value) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  while (number.load() == value) __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int32_t*>(&number), static_cast<int32_t>(value), -1);
}
template <class T>
void wakeAll(std::atomic<T>& number) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int32_t*>(&number), ~0u);
}

#else

template <class T>
void sleepWhile(std::atomic<T>& number, T value) {
  number.wait(value);
}
template <class T>
void wakeAll(std::atomic<T>& number) {
  number.notify_all();
}

#endif

}  // namespace ab
