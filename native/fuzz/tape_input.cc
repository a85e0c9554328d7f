#include "tape_input.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "cpu/executor.h"

namespace ab::fuzz {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian, and are copied as they are");

// What an input may take to be run. A tape can ask for years of work in a few words: a sum over 2^50 copies of one number is valid.
constexpr int64_t kMostBytes = 1 << 20;
constexpr int64_t kMostWork = 1 << 20;

// a * b, or kMostWork + 1 if that is more; for non-negative numbers of which a is not larger than that.
int64_t capped(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? kMostWork + 1 : std::min(product, kMostWork + 1);
}

int64_t workOf(const Fused& group) {
  // One more, for a group that has none of these still goes through its blocks.
  int64_t work = 1 + static_cast<int64_t>(group.slots.size() + group.steps.size() + group.folds.size());
  for (int i = 0; i < group.extents.rank; i++) work = capped(work, group.extents[i]);
  return work;
}

// An axis that is empty counts as one of length 1: a loop may well go through the others.
int64_t sizeOf(const Extents& shape) {
  int64_t size = 1;
  for (int i = 0; i < shape.rank; i++) size = capped(size, std::max<int64_t>(1, shape[i]));
  return size;
}

int64_t workOf(const Kernel& kernel) {
  int64_t most = sizeOf(kernel.output.shape);
  for (const Operand& input : kernel.inputs) most = std::max(most, sizeOf(input.shape));
  int64_t work = most;
  // Each of these visits, for every element of its largest tensor, at most a whole filter, window or row.
  const auto visits = [&](int64_t count) { work = capped(work, std::max<int64_t>(1, count)); };
  switch (kernel.op) {
    case Opcode::dot:
    case Opcode::conv2d:
    case Opcode::conv2dInputGrad:
    case Opcode::conv2dFilterGrad: visits(std::min(sizeOf(kernel.inputs[0].shape), sizeOf(kernel.inputs[1].shape))); break;
    case Opcode::addRows: visits(sizeOf(kernel.inputs[0].shape)); break;
    case Opcode::windowSum:
    case Opcode::windowSpread:
    case Opcode::windowArgmax:
      visits(kernel.params[0]);
      visits(kernel.params[1]);
      break;
    default: break;
  }
  return work;
}

bool isSmall(const Executable& executable, const Tape& tape) {
  if (executable.workingBytes() > static_cast<size_t>(kMostBytes)) return false;
  int64_t bytes = static_cast<int64_t>(executable.workingBytes());
  for (int32_t i = 0; i < tape.inputs + tape.outputs; i++) {
    bytes += tape.buffers[static_cast<size_t>(i)].bytes();
    if (bytes > kMostBytes) return false;
  }
  int64_t work = 0;
  for (const Fused& group : tape.fused) work += workOf(group);
  for (const Kernel& kernel : tape.kernels) work += workOf(kernel);
  return work <= kMostWork;
}

// Blocks of exactly the size that is asked for, so that an address checker sees the first byte beyond.
class Arrays {
 public:
  void add(int64_t bytes) {
    blocks_.emplace_back(static_cast<size_t>(bytes));
    pointers_.push_back(blocks_.back().data());
  }
  std::vector<std::vector<uint8_t>>& blocks() { return blocks_; }
  void* const* pointers() const { return pointers_.data(); }

 private:
  std::vector<std::vector<uint8_t>> blocks_;
  std::vector<void*> pointers_;
};

void runOnce(const Executable& executable, Arrays& inputs, Arrays& outputs) {
  const std::vector<std::vector<uint8_t>> before = inputs.blocks();
  executable.run(inputs.pointers(), outputs.pointers());
  if (inputs.blocks() == before) return;
  std::fprintf(stderr, "a run changed its inputs\n");
  std::abort();
}

}  // namespace

TapeInput parse(std::span<const uint8_t> bytes) {
  TapeInput input;
  if (bytes.size() < 4) return input;
  uint32_t count;
  std::memcpy(&count, bytes.data(), 4);
  const auto rest = bytes.subspan(4);
  input.literals.resize(std::min<size_t>(count, rest.size() / 8));
  if (!input.literals.empty()) std::memcpy(input.literals.data(), rest.data(), input.literals.size() * 8);
  const auto words = rest.subspan(input.literals.size() * 8);
  input.words.resize(words.size() / 4);
  if (!input.words.empty()) std::memcpy(input.words.data(), words.data(), input.words.size() * 4);
  return input;
}

std::vector<uint8_t> serialize(const TapeInput& input) {
  const size_t literalBytes = input.literals.size() * 8;
  const size_t wordBytes = input.words.size() * 4;
  std::vector<uint8_t> bytes(4 + literalBytes + wordBytes);
  const auto count = static_cast<uint32_t>(input.literals.size());
  std::memcpy(bytes.data(), &count, 4);
  if (literalBytes > 0) std::memcpy(bytes.data() + 4, input.literals.data(), literalBytes);
  if (wordBytes > 0) std::memcpy(bytes.data() + 4 + literalBytes, input.words.data(), wordBytes);
  return bytes;
}

std::vector<NamedInput> readFolder(const std::filesystem::path& folder) {
  std::vector<NamedInput> inputs;
  if (!std::filesystem::is_directory(folder)) return inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    inputs.push_back({entry.path().filename().string(), parse({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})});
  }
  std::sort(inputs.begin(), inputs.end(), [](const NamedInput& a, const NamedInput& b) { return a.name < b.name; });
  return inputs;
}

Outcome tryTape(const TapeInput& input) {
  // Decoded twice: an executable does not show its tape.
  Tape tape;
  try {
    tape = decodeTape(input.words, input.literals);
  } catch (const TapeError&) {
    return Outcome::refused;
  }
  const Executable executable(input.words, input.literals);
  if (!isSmall(executable, tape)) return Outcome::built;
  Arrays inputs;
  Arrays outputs;
  for (int i = 0; i < executable.inputs(); i++) inputs.add(executable.input(i).bytes());
  for (int i = 0; i < executable.outputs(); i++) outputs.add(executable.output(i).bytes());
  runOnce(executable, inputs, outputs);
  // Indices and positions are data too, and nobody has checked them.
  Random random(input.words.size());
  for (std::vector<uint8_t>& block : inputs.blocks())
    for (uint8_t& byte : block) byte = static_cast<uint8_t>(random.next());
  runOnce(executable, inputs, outputs);
  return Outcome::ran;
}

uint64_t Random::next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace ab::fuzz
