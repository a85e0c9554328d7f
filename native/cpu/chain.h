// The steps of a sweep as a chain of stages: functions that work on one group of elements, hold the last result in vector registers and end
// by calling the next (threaded code). What a step computes for the one after it never touches memory, and what must wait takes one group of
// room: with a loop over a block for each step, the same steps took twice as long, and their blocks pushed each other out of the
// first-level cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "steps.h"
#include "tape.h"

namespace ab {

// The most elements of a group on any instruction set. Every place that a chain reads or writes has room for so many beyond its last.
constexpr int64_t kLargestGroup = 64;

// What a stage does to the values that are held. It reads and writes places: see Link.
enum class StageOp {
  load,            // held = a
  store,           // target = held
  apply,           // held = step(held)
  combine,         // held = step(a, b)
  compare,         // target = step(a, b), a mask of bytes; held stays
  choose,          // held = mask ? a : b
  addProduct,      // held = held + a * b
  subtractProduct, // held = held - a * b
  productMinus,    // held = a * b - held
  gather,          // target = fold(target, held); held stays
  call,            // target = step(a, b, c) on memory; held is lost
  gatherCall,      // target = fold(target, a) on memory; held is lost
  turn,            // from here on floats are held, or doubles; held is lost
  end,
};

struct Stage {
  StageOp op = StageOp::end;
  StepOp step = StepOp::copy;
  FoldOp fold = FoldOp::sum;
  DType holding = DType::f32;                     // f32 or f64: the registers while it runs, or after a turn
  DType to = DType::f32, from = DType::f32;       // of a call: the target and the last source
  bool aHeld = false, bHeld = false;              // this source is what is held
  std::array<int32_t, 4> places{-1, -1, -1, -1};  // target; a; b; c, or the mask
};

// A stage function; what it is really called with depends on the instruction set and on what is held.
using StageFunction = void (*)();

// A stage with its places in memory.
struct Link {
  struct At {
    std::byte* base = nullptr;
    int64_t mask = 0;  // element i lies at base + (i & mask) elements: -1, or one less than the length of what repeats, a power of two
  };
  StageFunction run = nullptr;
  std::array<At, 4> at{};
  StepFunction step = nullptr;                                           // of a call
  void (*addTile)(int64_t n, void* tile, const void* values) = nullptr;  // of a gatherCall
  std::array<uint8_t, 4> bytes{};                                        // of an element of each place, for calls
};

// The steps of a sweep as stages, and the folds that are gathered in a tile. Place s is slot s; place slots + f is the tile of fold f.
// Folds that are not gathered find their source at its slot when the chain has run.
std::vector<Stage> arrange(const Fused& group, const std::vector<bool>& gathered);

// For the instruction set in use.
StageFunction stageFunction(const Stage& stage);
// Elements of a group.
int64_t groupLength();
// Runs a chain over elements [0, n), n a multiple of a group. The chain must begin holding floats, and end with `end`.
void runChain(const Link* chain, int64_t n);

}  // namespace ab
