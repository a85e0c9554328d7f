#include "simt.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "counters.h"
#include "fibers.h"
#include "memory.h"

dim3 gridDim, blockDim;

namespace simt {

Thread* current = nullptr;

Options& options() {
  static Options chosen;
  return chosen;
}

bool Site::operator==(const Site& other) const { return line == other.line && std::strcmp(file, other.file) == 0; }

std::string Site::text() const {
  const char* const slash = std::strrchr(file, '/');
  return std::string(slash == nullptr ? file : slash + 1) + ":" + std::to_string(line);
}

namespace {

enum class State { ready, atBarrier, atShuffle, done };

struct Lane : Thread {
  std::unique_ptr<Fiber> fiber;
  State state = State::done;
  Site at;              // where it waits
  uint64_t given[2]{};  // to this shuffle and the one before, which others may still read
  int turn = 0;
};

uint64_t mixed(uint64_t z) {
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

// The block that runs now.
class Block {
 public:
  void run(dim3 at, uint64_t number, const std::function<void()>& body) {
    body_ = &body;
    count_ = static_cast<int>(blockDim.x * blockDim.y * blockDim.z);
    if (count_ > 1024) throw Fault("a block of " + std::to_string(count_) + " threads; at most 1024 are possible");
    prepare(at);
    sharedSpace().begin();
    random_ = mixed(options().seed * 0x9e3779b97f4a7c15 + number);
    fault_.clear();
    while (true) {
      pass();
      releaseShuffles();
      if (anyReady()) continue;
      if (std::all_of(lanes_.begin(), lanes_.begin() + count_, [](const Lane& lane) { return lane.state == State::done; })) return;
      releaseBarrier();
    }
  }

  void wait(State state, const Site& site) {
    Lane& lane = here();
    lane.state = state;
    lane.at = site;
    lane.fiber->switchTo(host_);
  }

  uint64_t shuffle(uint64_t value, int from, const Site& site) {
    Lane& lane = here();
    const int turn = lane.turn ^= 1;
    lane.given[turn] = value;
    wait(State::atShuffle, site);
    if (from < 0 || from >= kWarp) return value;
    return lanes_[static_cast<size_t>(lane.index / kWarp * kWarp + from)].given[turn];
  }

  // Ends the block. Called inside a thread.
  [[noreturn]] void fail(const std::string& what) {
    fault_ = what;
    here().fiber->switchTo(host_);
    std::abort();
  }

 private:
  static Block* self_;
  friend Block& block();

  Lane& here() { return *static_cast<Lane*>(current); }

  void prepare(dim3 at) {
    while (static_cast<int>(lanes_.size()) < count_) lanes_.emplace_back();
    for (int i = 0; i < count_; i++) {
      Lane& lane = lanes_[static_cast<size_t>(i)];
      const auto u = static_cast<unsigned>(i);
      if (!lane.fiber) lane.fiber = std::make_unique<Fiber>(&Block::enter);
      lane.index = i;
      lane.turn = 0;
      lane.place = {u % blockDim.x, u / blockDim.x % blockDim.y, u / blockDim.x / blockDim.y};
      lane.blockPlace = at;
      lane.state = State::ready;
    }
    order_.resize(static_cast<size_t>(count_));
    for (int i = 0; i < count_; i++) order_[static_cast<size_t>(i)] = i;
  }

  static void enter();

  // Each thread that can goes on until it waits or ends.
  void pass() {
    for (size_t i = order_.size(); i > 1; i--) {
      random_ = mixed(random_ + 0x9e3779b97f4a7c15);
      std::swap(order_[i - 1], order_[random_ % i]);
    }
    for (const int i : order_) {
      Lane& lane = lanes_[static_cast<size_t>(i)];
      if (lane.state != State::ready) continue;
      current = &lane;
      host_.switchTo(*lane.fiber);
      current = nullptr;
      if (!fault_.empty()) give(fault_);
    }
  }

  bool anyReady() const {
    return std::any_of(lanes_.begin(), lanes_.begin() + count_, [](const Lane& lane) { return lane.state == State::ready; });
  }

  void releaseShuffles() {
    for (int first = 0; first < count_; first += kWarp) {
      const int end = std::min(first + kWarp, count_);
      const Lane* waiting = nullptr;
      bool others = false, ready = false;
      for (int i = first; i < end; i++) {
        const Lane& lane = lanes_[static_cast<size_t>(i)];
        if (lane.state != State::atShuffle) others = true;
        else if (waiting != nullptr && !(waiting->at == lane.at)) others = true;
        else waiting = &lane;
        ready = ready || lane.state == State::ready;
      }
      if (waiting == nullptr || ready) continue;
      if (others || end - first < kWarp) give(waiting->at.text() + ": not all lanes of a warp come to this shuffle");
      for (int i = first; i < end; i++) lanes_[static_cast<size_t>(i)].state = State::ready;
    }
  }

  void releaseBarrier() {
    const Site& site = std::find_if(lanes_.begin(), lanes_.begin() + count_, [](const Lane& lane) { return lane.state == State::atBarrier; })->at;
    for (int i = 0; i < count_; i++) {
      const Lane& lane = lanes_[static_cast<size_t>(i)];
      if (lane.state == State::done) give(site.text() + ": thread " + std::to_string(i) + " ended before this barrier, where others wait");
      if (!(lane.at == site)) give(site.text() + ": thread " + std::to_string(i) + " waits at another barrier, " + lane.at.text());
    }
    sharedSpace().barrier();
    for (int i = 0; i < count_; i++) lanes_[static_cast<size_t>(i)].state = State::ready;
  }

  // Threads in the middle of something are given up with their stacks; kernels own nothing.
  [[noreturn]] void give(std::string what) {
    for (Lane& lane : lanes_)
      if (lane.state != State::done || !fault_.empty()) lane.fiber.reset();
    fault_.clear();
    throw Fault("kernel: " + what);
  }

  std::vector<Lane> lanes_;
  std::vector<int> order_;
  int count_ = 0;
  uint64_t random_ = 0;
  Fiber host_;
  std::string fault_;
  const std::function<void()>* body_ = nullptr;
};

Block& block() {
  static Block the;
  return the;
}

void Block::enter() {
  while (true) {
    Block& b = block();
    (*b.body_)();
    b.here().state = State::done;
    b.here().fiber->switchTo(b.host_);
  }
}

std::string threadText() {
  const Thread& t = *current;
  return " by thread " + std::to_string(t.index) + " of block " + std::to_string(t.blockPlace.x) + "," + std::to_string(t.blockPlace.y) + "," +
         std::to_string(t.blockPlace.z);
}

// Numbers the threads of a launch from 1 on.
uint32_t threadNumber() {
  const Thread& t = *current;
  const uint32_t at = (t.blockPlace.z * gridDim.y + t.blockPlace.y) * gridDim.x + t.blockPlace.x;
  return at * (blockDim.x * blockDim.y * blockDim.z) + static_cast<uint32_t>(t.index) + 1;
}

}  // namespace

void runGrid(dim3 grid, dim3 threads, const std::function<void()>& body) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535 || threads.x * threads.y * threads.z == 0) {
    throw Fault("kernel: a grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " + std::to_string(grid.z) +
                " blocks cannot be launched");
  }
  gridDim = grid;
  blockDim = threads;
  globalSpace().beginLaunch();
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  std::vector<uint64_t> order(blocks);
  uint64_t random = mixed(options().seed);
  for (uint64_t i = 0; i < blocks; i++) {
    order[i] = i;
    random = mixed(random + 0x9e3779b97f4a7c15);
    std::swap(order[i], order[random % (i + 1)]);
  }
  for (const uint64_t i : order) {
    const auto x = static_cast<unsigned>(i % grid.x);
    const auto y = static_cast<unsigned>(i / grid.x % grid.y);
    block().run({x, y, static_cast<unsigned>(i / grid.x / grid.y)}, i, body);
    if (options().counting) counters().endBlock();
  }
}

void access(bool store, const void* address, size_t bytes, const Site& site) {
  // A mistake in address arithmetic, in the dialect's own terms.
  if (reinterpret_cast<uintptr_t>(address) % std::min<size_t>(bytes, 16) != 0) {
    block().fail(site.text() + ": an access of " + std::to_string(bytes) + " bytes that is not aligned," + threadText());
  }
  const bool shared = sharedSpace().holds(address);
  const char* const wrong = shared ? sharedSpace().check(store, address, bytes, current->index)
                                   : globalSpace().check(store, address, bytes, threadNumber());
  if (wrong != nullptr) block().fail(site.text() + ": " + wrong + "," + threadText());
  if (options().counting) counters().record(site, shared ? Space::shared : Space::global, store, address, bytes, current->index);
}

void barrier(const Site& site) {
  if (options().counting) counters().sawBarrier(site);
  if (options().withoutBarrier && *options().withoutBarrier == site) return;
  block().wait(State::atBarrier, site);
}

void* sharedMemory(const void* key, size_t bytes) {
  void* const memory = sharedSpace().find(key, bytes);
  if (memory == nullptr) block().fail("a block declares more than 48 KiB of shared memory");
  return memory;
}

uint64_t shuffle(uint64_t value, int lane, const Site& site) { return block().shuffle(value, lane, site); }

}  // namespace simt
