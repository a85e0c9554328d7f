// Tapes as files, and what is done with one: what the fuzz target and the replay share.
//
// A file holds the number of literals (32 bits), the literals (f64) and the words of the tape (32 bits each), all little-endian; any
// bytes are some input. make-corpus.mjs writes the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ab::fuzz {

struct TapeInput {
  std::vector<double> literals;
  std::vector<int32_t> words;
};

TapeInput parse(std::span<const uint8_t> bytes);
std::vector<uint8_t> serialize(const TapeInput& input);

struct NamedInput {
  std::string name;
  TapeInput input;
};
// Every file of a folder, in the order of their names; none if there is no such folder.
std::vector<NamedInput> readFolder(const std::filesystem::path& folder);

enum class Outcome { refused, built, ran };

// Decodes, builds and, if memory and work are small, runs: on zeros, then on arbitrary bytes. TapeError is an answer; anything else that
// goes wrong is not caught. Ends the process if a run wrote to its inputs.
Outcome tryTape(const TapeInput& input);

// splitmix64: the same sequence everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  // In [0, limit); 0 if there is nothing to choose from.
  size_t below(size_t limit) { return limit == 0 ? 0 : static_cast<size_t>(next() % limit); }
  bool chance(size_t oneIn) { return below(oneIn) == 0; }

 private:
  uint64_t state_;
};

// One or a few changes that mostly keep what has to agree with the rest: the header, the lengths of instructions, the counts.
void mutate(TapeInput& input, Random& random, size_t mostWords);

// The instructions of `other` from one on replace those of `input` from one on.
void splice(TapeInput& input, const TapeInput& other, Random& random, size_t mostWords);

}  // namespace ab::fuzz
