// What the kernel tests share: counting, whole numbers small enough that every sum is exact, memory that ends at a page which must not be
// touched, and loops over instruction sets and numbers of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cpu/isa.h"
#include "cpu/tape.h"
#include "cpu/thread_pool.h"

namespace ab::test {

// Counts; the first failures are printed. `what` is a string, or a function that makes one, which only a failure calls.
bool count(bool ok);
void report(const std::string& what);
template <class What>
void expect(bool ok, What&& what) {
  if (count(ok)) return;
  if constexpr (std::is_invocable_v<What>) report(what());
  else report(what);
}

// Prints the totals; the exit code of the test.
int finish();

// The same sequence in every run.
int64_t randomBelow(int64_t n);

// Whether a case of a large family is skipped: in a sanitizer's build one in AB_CHECK_EVERY is kept, chosen by chance.
bool skipped();

template <class T>
constexpr const char* typeName() {
  if constexpr (std::is_same_v<T, float>) return "f32";
  else if constexpr (std::is_same_v<T, double>) return "f64";
  else if constexpr (std::is_same_v<T, int32_t>) return "i32";
  else return "u8";
}

template <class T>
std::vector<T> smallIntegers(int64_t size) {
  std::vector<T> v(static_cast<size_t>(size));
  const int low = std::is_unsigned_v<T> ? 0 : -3;
  for (T& x : v) x = static_cast<T>(randomBelow(7) + low);
  return v;
}

// Numbers whose sums are rounded, so that any change of order shows.
template <class T>
std::vector<T> fractions(int64_t size) {
  std::vector<T> v(static_cast<size_t>(size));
  for (T& x : v) x = static_cast<T>(randomBelow(2000001) - 1000000) / static_cast<T>(1000003);
  return v;
}

// Which end of a buffer lies at a page that cannot be touched.
enum class Edge { front, back };
inline constexpr Edge kEdges[] = {Edge::back, Edge::front};

// Memory between two such pages. On the side away from the edge its bytes must stay as they are.
class GuardedBytes {
 public:
  GuardedBytes(size_t bytes, Edge edge);
  ~GuardedBytes();
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  std::byte* data() const { return data_; }
  size_t size() const { return bytes_; }
  // Nothing was written beside it.
  bool intact() const;

 private:
  size_t slack() const;
  std::byte* beside() const;

  struct Region* region_;
  std::byte* data_;
  size_t bytes_;
  Edge edge_;
};

template <class T>
class Guarded : public GuardedBytes {
 public:
  Guarded(size_t size, Edge edge) : GuardedBytes(size * sizeof(T), edge), size_(size) {}
  Guarded(const std::vector<T>& values, Edge edge) : Guarded(values.size(), edge) { fill(values); }
  T* get() const { return reinterpret_cast<T*>(data()); }
  void fill(const std::vector<T>& values) {
    if (!values.empty()) std::memcpy(data(), values.data(), values.size() * sizeof(T));
  }
  bool operator==(const std::vector<T>& want) const {
    if (want.size() != size_ || !intact()) return false;
    for (size_t i = 0; i < size_; i++)
      if (!(get()[i] == want[i])) return false;
    return true;
  }

 private:
  size_t size_;
};

// Runs body on every set this processor has, forced in turn, and sees that the others are refused; once if sets do not matter.
template <class F>
void forEachIsa(F&& body);
// Runs body with each number of threads.
template <class F>
void withThreads(std::initializer_list<int> counts, F&& body) {
  ThreadPool& pool = ThreadPool::instance();
  const int before = pool.threads();
  for (const int n : counts) {
    pool.setThreads(n);
    body();
  }
  pool.setThreads(before);
}

// Whether the kernels that are tested differ from one instruction set to another.
extern const bool kOnEverySet;

// Whether this set can be forced; prints what was checked when it goes out of scope.
class ForcedIsa {
 public:
  explicit ForcedIsa(Isa which);
  ~ForcedIsa();
  bool available() const { return available_; }

 private:
  bool available_;
  int64_t before_;
};

template <class F>
void forEachIsa(F&& body) {
  for (const Isa each : kIsas) {
    const ForcedIsa forced(each);
    if (forced.available()) body();
  }
}

// Sizes without repetition, in order: those every kernel is tested at, and one less and one more than each of `tiles`.
std::vector<int64_t> sizesAround(std::initializer_list<int64_t> tiles);

}  // namespace ab::test
