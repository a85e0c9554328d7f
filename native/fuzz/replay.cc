// The fuzz target without a fuzzer, for any compiler and sanitizer: the corpus, what was found before, and a number of changed tapes, the
// same ones each time.
//
//     tape_replay [changed tapes = 20000] [first seed = 1]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpu/thread_pool.h"
#include "tape_input.h"

using namespace ab::fuzz;

namespace {

constexpr size_t kMostWords = 16 * 1024;

struct Tally {
  size_t refused = 0;
  size_t built = 0;
  size_t ran = 0;
  void add(Outcome outcome) { (outcome == Outcome::refused ? refused : outcome == Outcome::built ? built : ran)++; }
  void print(const char* what) const { std::printf("%-12s %zu refused, %zu built only, %zu run\n", what, refused, built, ran); }
};

}  // namespace

int main(int argc, char** argv) {
  const size_t changed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20000;
  const uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  ab::ThreadPool::instance().setThreads(1);
  const std::vector<NamedInput> corpus = readFolder(AB_CORPUS);
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in %s; node native/fuzz/make-corpus.mjs writes it\n", AB_CORPUS);
    return 1;
  }
  Tally seeds;
  for (const NamedInput& seed : corpus) {
    const Outcome outcome = tryTape(seed.input);
    seeds.add(outcome);
    if (outcome != Outcome::refused) continue;
    std::fprintf(stderr, "%s is refused; node native/fuzz/make-corpus.mjs writes the corpus anew\n", seed.name.c_str());
    return 1;
  }
  seeds.print("corpus");
  Tally found;
  for (const NamedInput& regression : readFolder(AB_REGRESSIONS)) {
    std::printf("%s\n", regression.name.c_str());
    std::fflush(stdout);
    found.add(tryTape(regression.input));
  }
  found.print("found before");
  Tally mutants;
  for (size_t i = 0; i < changed; i++) {
    // A generator for each, so that one that fails can be had by its number alone: tape_replay 1 NUMBER.
    const uint64_t seed = first + i;
    Random random(seed);
    TapeInput input = corpus[random.below(corpus.size())].input;
    if (random.chance(8)) splice(input, corpus[random.below(corpus.size())].input, random, kMostWords);
    for (size_t rounds = 1 + random.below(3); rounds > 0; rounds--) mutate(input, random, kMostWords);
    if (std::getenv("AB_REPLAY_VERBOSE") != nullptr) {
      std::printf("%llu\n", static_cast<unsigned long long>(seed));
      std::fflush(stdout);
    }
    mutants.add(tryTape(input));
  }
  mutants.print("changed");
  // A generator that never gets past the decoder would prove little.
  if (changed >= 1000 && (mutants.ran * 20 < changed || mutants.refused * 20 < changed)) {
    std::fprintf(stderr, "too few of the changed tapes were refused, or run, to tell\n");
    return 1;
  }
  return 0;
}
