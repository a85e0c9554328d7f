// How a matrix product is divided among threads. Nothing here changes results.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gemm_cut.h"
#include "thread_pool.h"

namespace ab {

// Multiply-adds. 2^20 of them take 9 us on one AVX-512 core: waking a thread for less does not pay. If it is awake, 2^16 suffice.
constexpr int64_t kWakingWork = 1 << 20;
constexpr int64_t kAwakeWork = 1 << 16;
constexpr int64_t kPieceWork = 1 << 15;

// How many tasks this many multiply-adds are worth, at most.
inline int64_t worthTasks(int64_t work) {
  ThreadPool& pool = ThreadPool::instance();
  const int64_t threads = pool.threadsHere();
  if (threads == 1 || work < kAwakeWork) return 1;
  if (work < kWakingWork) return pool.awake() ? std::min(work / kPieceWork, threads) : 1;
  // So many that the last one to finish keeps the others waiting for a hundredth of the time.
  return std::min(work / kPieceWork, 64 * threads);
}

// How many tiles of at most `largest` rows make m; where several tasks are to share them, as many for each thread.
inline int64_t evenTiles(int64_t m, int64_t largest, int64_t tasks) {
  const int64_t tiles = (m + largest - 1) / largest;
  const int64_t threads = ThreadPool::instance().threads();
  if (tasks == 1 || tiles < threads || tiles > 16 * threads) return tiles;
  return std::min(m, (tiles + threads - 1) / threads * threads);
}

struct Grid {
  Cut down, across;
};

// Divides tiles x panels into at most `most` tasks so that the busiest thread has as little as can be. Rows are cut first, for a task with
// all panels of its tiles reads A once; but if panels are to be packed and nothing is lost by it, panels alone: then each task packs its own.
inline Grid divide(int64_t tiles, int64_t panels, int64_t most, bool packs) {
  if (most == 1) return {cutInto(tiles, 1), cutInto(panels, 1)};
  const int64_t threads = ThreadPool::instance().threads();
  if (tiles >= 8 * threads) return {cutInto(tiles, std::min(tiles, most)), cutInto(panels, 1)};
  most = std::min(most, 8 * threads);
  const auto downFor = [&](int64_t across) { return std::min(tiles, most / across); };
  const auto span = [&](int64_t down, int64_t across) {
    const int64_t rounds = (down * across + threads - 1) / threads;
    return rounds * ((tiles + down - 1) / down) * ((panels + across - 1) / across);
  };
  int64_t across = 1;
  int64_t least = span(downFor(1), 1);
  for (int64_t i = 2; i <= std::min(panels, most); i++) {
    const int64_t s = span(downFor(i), i);
    if (s < least) across = i, least = s;
  }
  const int64_t widest = std::min(panels, most);
  if (packs && span(1, widest) <= least) return {cutInto(tiles, 1), cutInto(panels, widest)};
  return {cutInto(tiles, downFor(across)), cutInto(panels, across)};
}

}  // namespace ab
