#include "memory.h"

#include <algorithm>
#include <cstring>

#include "simt.h"

namespace simt {

SharedSpace::SharedSpace() : bytes_(std::make_unique<std::byte[]>(kBytes)), marks_(kBytes) {}

void SharedSpace::begin() {
  // All bits set: NaN as a float, -1 as an integer.
  std::memset(bytes_.get(), 0xff, used_);
  std::fill_n(marks_.begin(), used_, Mark{});
  declarations_.clear();
  used_ = 0;
  epoch_ = 0;
}

void* SharedSpace::find(const void* key, size_t bytes) {
  for (const Declaration& each : declarations_)
    if (each.key == key) return bytes_.get() + each.offset;
  const size_t offset = (used_ + 15) / 16 * 16;
  if (offset + bytes > kBytes) return nullptr;
  used_ = offset + bytes;
  declarations_.push_back({key, offset});
  return bytes_.get() + offset;
}

const char* SharedSpace::check(bool store, const void* address, size_t bytes, int thread) {
  const auto first = static_cast<size_t>(static_cast<const std::byte*>(address) - bytes_.get());
  if (first + bytes > used_) return "shared memory that nothing declares";
  // Of elements of 4 bytes or more the first byte of every four stands for all.
  for (size_t i = first; i < first + bytes; i += bytes < 4 ? 1 : 4) {
    Mark& mark = marks_[i];
    const bool othersWrite = mark.written == epoch_ && mark.writer != thread;
    if (store) {
      if (othersWrite) return "two threads write one place in shared memory, no barrier between them";
      if (mark.read == epoch_ && mark.reader != thread) return "a write to shared memory that another thread reads, no barrier between them";
      mark.writer = thread;
      mark.written = epoch_;
    } else {
      if (mark.writer == kNobody) return "shared memory is read before it is written";
      if (othersWrite) return "a read of shared memory that another thread writes, no barrier between them";
      mark.reader = mark.read == epoch_ && mark.reader != thread ? kSeveral : thread;
      mark.read = epoch_;
    }
  }
  return nullptr;
}

void GlobalSpace::add(void* memory, size_t bytes) {
  const auto* const first = static_cast<const std::byte*>(memory);
  allocations_[first] = {first, bytes, {}};
  last_ = nullptr;
}

void GlobalSpace::remove(void* memory) {
  allocations_.erase(static_cast<const std::byte*>(memory));
  last_ = nullptr;
}

GlobalSpace::Allocation* GlobalSpace::find(const void* address, size_t bytes) {
  const auto* const at = static_cast<const std::byte*>(address);
  const auto inside = [&](const Allocation& a) { return at >= a.first && at + bytes <= a.first + a.bytes; };
  if (last_ != nullptr && inside(*last_)) return last_;
  auto next = allocations_.upper_bound(at);
  if (next == allocations_.begin()) return nullptr;
  last_ = &std::prev(next)->second;
  return inside(*last_) ? last_ : nullptr;
}

const char* GlobalSpace::check(bool store, const void* address, size_t bytes, uint32_t thread) {
  Allocation* const found = find(address, bytes);
  if (found == nullptr) return "an address outside of every allocation";
  if (found->writers.empty()) {
    if (!store) return nullptr;
    found->writers.resize(found->bytes);
  }
  const auto offset = static_cast<size_t>(static_cast<const std::byte*>(address) - found->first);
  for (size_t i = offset; i < offset + bytes; i++) {
    uint64_t& writer = found->writers[i];
    if (writer >> 32 == launch_ && static_cast<uint32_t>(writer) != thread) {
      return store ? "two threads of a launch write one place" : "a read of what another thread of the same launch writes";
    }
    if (store) writer = launch_ << 32 | thread;
  }
  return nullptr;
}

SharedSpace& sharedSpace() {
  static SharedSpace space;
  return space;
}

GlobalSpace& globalSpace() {
  static GlobalSpace space;
  return space;
}

void registerMemory(void* memory, size_t bytes) { globalSpace().add(memory, bytes); }
void forgetMemory(void* memory) { globalSpace().remove(memory); }
bool isDeviceMemory(const void* memory, size_t bytes) { return globalSpace().holds(memory, bytes); }

}  // namespace simt
