// Changes to tapes. Plain changes of bytes hardly ever pass the header: it announces the length of the whole and how much of everything
// follows. So a tape is divided into its parts, the parts are changed, and what announces them is written anew.
#include <algorithm>
#include <iterator>

#include "cpu/tape.h"
#include "tape_input.h"

namespace ab::fuzz {
namespace {

constexpr size_t kHeader = 9;
constexpr size_t kBufferWords = 5;
using Words = std::vector<int32_t>;

struct Parts {
  // Magic, version, words, arena lines (two), inputs, outputs, buffers, instructions.
  Words header;
  std::vector<Words> buffers;
  // Each begins with its opcode and its length.
  std::vector<Words> instructions;
};

// As far as the tape can be divided; what cannot is dropped.
Parts divide(const Words& words) {
  Parts parts;
  parts.header = Words(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(std::min(kHeader, words.size())));
  parts.header.resize(kHeader);
  size_t at = kHeader;
  const auto take = [&](size_t count) {
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(at);
    at += count;
    return Words(begin, begin + static_cast<std::ptrdiff_t>(count));
  };
  for (int32_t i = 0; i < parts.header[7] && at + kBufferWords <= words.size(); i++) parts.buffers.push_back(take(kBufferWords));
  while (at + 2 <= words.size()) {
    const int32_t length = words[at + 1];
    if (length < 2 || static_cast<size_t>(length) > words.size() - at) break;
    parts.instructions.push_back(take(static_cast<size_t>(length)));
  }
  return parts;
}

Words join(Parts parts) {
  parts.header[0] = kTapeMagic;
  parts.header[1] = kTapeVersion;
  parts.header[7] = static_cast<int32_t>(parts.buffers.size());
  parts.header[8] = static_cast<int32_t>(parts.instructions.size());
  Words words = parts.header;
  for (const Words& buffer : parts.buffers) words.insert(words.end(), buffer.begin(), buffer.end());
  for (Words& instruction : parts.instructions) {
    instruction[1] = static_cast<int32_t>(instruction.size());
    words.insert(words.end(), instruction.begin(), instruction.end());
  }
  words[2] = static_cast<int32_t>(words.size());
  return words;
}

int32_t newValue(int32_t old, const Words& words, Random& random) {
  constexpr int32_t kInteresting[] = {0,    1,     2,     3,       4,       7,       8,          9,          63,        64,  65,
                                      255,  256,   511,   512,     513,     1023,    1024,       1025,       4096,      5000, -1,
                                      1 << 16, 1 << 20, 1 << 21, (1 << 21) - 1, 1 << 24, 1 << 30, 0x7fffffff, -0x7fffffff - 1};
  switch (random.below(8)) {
    case 0: return static_cast<int32_t>(static_cast<uint32_t>(old) + 1);
    case 1: return static_cast<int32_t>(static_cast<uint32_t>(old) - 1);
    case 2: return static_cast<int32_t>(static_cast<uint32_t>(old) * 2);
    case 3: return old / 2;
    case 4: return kInteresting[random.below(std::size(kInteresting))];
    case 5: return static_cast<int32_t>(random.below(16));
    case 6: return static_cast<int32_t>(static_cast<uint32_t>(old) ^ (1u << random.below(32)));
    default: return words.empty() ? 0 : words[random.below(words.size())];
  }
}

// The same number wherever it stands: extents of operands that have to agree stay agreed.
void renameEverywhere(Words& words, Random& random) {
  if (words.size() <= kHeader) return;
  const int32_t old = words[kHeader + random.below(words.size() - kHeader)];
  const int32_t value = newValue(old, words, random);
  // Sometimes the twin too, in which one of two axes has become the other's multiple: left to chance.
  std::replace(words.begin() + static_cast<std::ptrdiff_t>(kHeader), words.end(), old, value);
}

Words& pick(std::vector<Words>& list, Random& random) { return list[random.below(list.size())]; }

void changeInside(Words& instruction, Random& random, const Words& all) {
  const size_t body = instruction.size() - 2;
  const auto at = [&](size_t offset) { return instruction.begin() + static_cast<std::ptrdiff_t>(2 + offset); };
  switch (random.below(7)) {
    case 0:  // another opcode, which reads the same words
      instruction[0] = static_cast<int32_t>(random.below(static_cast<size_t>(Opcode::count)));
      return;
    case 1: {  // a stretch once more
      const size_t from = random.below(body);
      const Words copy(at(from), at(std::min(body, from + 1 + random.below(12))));
      instruction.insert(at(from), copy.begin(), copy.end());
      return;
    }
    case 2: {  // a stretch less
      const size_t from = random.below(body);
      instruction.erase(at(from), at(std::min(body, from + 1 + random.below(6))));
      return;
    }
    case 3:  // two words change places
      if (body > 1) std::iter_swap(at(random.below(body)), at(random.below(body)));
      return;
    case 4: {  // a number and the one that announces it, one more
      if (body == 0) return;
      const size_t from = random.below(body);
      instruction[2 + from] = newValue(instruction[2 + from], all, random);
      instruction.insert(at(random.below(body)), {static_cast<int32_t>(random.below(8)), 0});
      return;
    }
    default:
      for (size_t i = 0; body > 0 && i <= random.below(3); i++) {
        int32_t& word = instruction[2 + random.below(body)];
        word = newValue(word, all, random);
      }
  }
}

void changeBuffers(Parts& parts, Random& random, const Words& all) {
  switch (random.below(5)) {
    case 0: parts.buffers.insert(parts.buffers.begin() + static_cast<std::ptrdiff_t>(random.below(parts.buffers.size() + 1)),
                                 {static_cast<int32_t>(random.below(kDTypes)), static_cast<int32_t>(random.below(40)), 0, 0, 0});
      return;
    case 1:
      if (!parts.buffers.empty()) parts.buffers.erase(parts.buffers.begin() + static_cast<std::ptrdiff_t>(random.below(parts.buffers.size())));
      return;
    case 2:  // all of one dtype
      {
        const auto from = static_cast<int32_t>(random.below(kDTypes));
        const auto to = static_cast<int32_t>(random.below(kDTypes));
        for (Words& buffer : parts.buffers)
          if (buffer[0] == from) buffer[0] = to;
        return;
      }
    default:
      if (parts.buffers.empty()) return;
      int32_t& word = pick(parts.buffers, random)[random.below(kBufferWords)];
      word = newValue(word, all, random);
  }
}

// From one dtype to another in buffers and in the slots of fused instructions, so that both still agree.
void changeDType(Parts& parts, Random& random) {
  const auto from = static_cast<int32_t>(random.below(kDTypes));
  const auto to = static_cast<int32_t>(random.below(kDTypes));
  for (Words& buffer : parts.buffers)
    if (buffer[0] == from) buffer[0] = to;
  for (Words& instruction : parts.instructions) {
    if (instruction[0] != static_cast<int32_t>(Opcode::fused) || instruction.size() < 4) continue;
    const int32_t rank = instruction[2];
    if (rank < 0 || rank > kMaxRank) continue;
    size_t at = 3 + static_cast<size_t>(2 * rank);
    if (at >= instruction.size()) continue;
    const int32_t slots = instruction[at++];
    for (int32_t i = 0; i < slots && at + 3 <= instruction.size(); i++) {
      const bool operand = instruction[at] == static_cast<int32_t>(SlotKind::operand);
      if (instruction[at + 1] == from) instruction[at + 1] = to;
      at += 3 + (operand ? static_cast<size_t>(2 * rank) : 0);
    }
  }
}

void changeOnce(TapeInput& input, Random& random) {
  Words& words = input.words;
  switch (random.below(12)) {
    case 0:
      // Without repair: the header, the counts and the lengths are read from strangers too.
      if (words.empty()) return;
      if (random.chance(4)) words.resize(random.below(words.size()));
      else words[random.below(std::min(words.size(), random.chance(2) ? kHeader : words.size()))] = newValue(words[0], words, random);
      return;
    case 1:
      if (input.literals.empty() || random.chance(8)) input.literals.resize(random.below(4));
      else input.literals[random.below(input.literals.size())] = random.chance(2) ? 1e300 : static_cast<double>(random.next());
      return;
    case 2:
    case 3:
    case 4: renameEverywhere(words, random); break;
    default: break;
  }
  Parts parts = divide(words);
  switch (random.below(10)) {
    case 0: changeBuffers(parts, random, words); break;
    case 1: {
      int32_t& word = parts.header[3 + random.below(4)];
      word = newValue(word, words, random);
      break;
    }
    case 2: changeDType(parts, random); break;
    case 3:
      if (!parts.instructions.empty()) {
        Words copy = pick(parts.instructions, random);
        parts.instructions.insert(parts.instructions.begin() + static_cast<std::ptrdiff_t>(random.below(parts.instructions.size() + 1)),
                                  std::move(copy));
      }
      break;
    case 4:
      if (!parts.instructions.empty())
        parts.instructions.erase(parts.instructions.begin() + static_cast<std::ptrdiff_t>(random.below(parts.instructions.size())));
      break;
    case 5: break;  // as it was renamed
    default:
      if (!parts.instructions.empty()) changeInside(pick(parts.instructions, random), random, words);
  }
  words = join(std::move(parts));
}

}  // namespace

void mutate(TapeInput& input, Random& random, size_t mostWords) {
  // Mostly one change: few tapes are still valid after several.
  do changeOnce(input, random);
  while (random.chance(3));
  if (input.words.size() > mostWords) input.words.resize(mostWords);
}

void splice(TapeInput& input, const TapeInput& other, Random& random, size_t mostWords) {
  Parts parts = divide(input.words);
  const Parts with = divide(other.words);
  parts.instructions.resize(random.below(parts.instructions.size() + 1));
  for (size_t i = random.below(with.instructions.size() + 1); i < with.instructions.size(); i++) parts.instructions.push_back(with.instructions[i]);
  if (random.chance(2)) {
    parts.buffers = with.buffers;
    std::copy(with.header.begin() + 3, with.header.begin() + 7, parts.header.begin() + 3);
  }
  input.words = join(std::move(parts));
  if (input.words.size() > mostWords) input.words.resize(mostWords);
}

}  // namespace ab::fuzz
