// What memory remembers of who touched it, so that races and stray addresses are found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace simt {

// A block's own memory. It starts as NaN, and nothing may be read before a thread has written it.
class SharedSpace {
 public:
  SharedSpace();

  void begin();
  void barrier() { epoch_++; }
  bool holds(const void* address) const { return address >= bytes_.get() && address < bytes_.get() + kBytes; }
  // Memory of one declaration; null if there is no more.
  void* find(const void* key, size_t bytes);
  // What is wrong with an access; null if nothing.
  const char* check(bool store, const void* address, size_t bytes, int thread);

 private:
  static constexpr size_t kBytes = 48 << 10;
  static constexpr int kNobody = -1, kSeveral = -2;

  struct Mark {
    int writer = kNobody;
    int reader = kNobody;
    int64_t written = -1;  // epochs
    int64_t read = -1;
  };
  struct Declaration {
    const void* key;
    size_t offset;
  };

  std::unique_ptr<std::byte[]> bytes_;
  std::vector<Mark> marks_;  // of each byte
  std::vector<Declaration> declarations_;
  size_t used_ = 0;
  int64_t epoch_ = 0;
};

// Device memory. In one launch a byte belongs to the thread that wrote it.
class GlobalSpace {
 public:
  void add(void* memory, size_t bytes);
  void remove(void* memory);
  bool holds(const void* address, size_t bytes) { return find(address, bytes) != nullptr; }
  void beginLaunch() { launch_++; }
  const char* check(bool store, const void* address, size_t bytes, uint32_t thread);

 private:
  struct Allocation {
    const std::byte* first = nullptr;
    size_t bytes = 0;
    std::vector<uint64_t> writers;  // of each byte: launch and thread; empty until somebody writes
  };
  Allocation* find(const void* address, size_t bytes);

  std::map<const std::byte*, Allocation> allocations_;
  Allocation* last_ = nullptr;
  uint64_t launch_ = 0;
};

SharedSpace& sharedSpace();
GlobalSpace& globalSpace();

}  // namespace simt
