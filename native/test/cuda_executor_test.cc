// The executor for CUDA on an emulated device, held against the CPU's: every tape of the corpus, results that stay on the device and go in again,
// memory, errors, and tapes changed by chance, which the emulation watches for stray addresses.
#include <cmath>

#include "cpu/executor.h"
#include "cuda/executor.h"
#include "check.h"
#include "fuzz/tape_input.h"
#include "tape_writer.h"

namespace {

using namespace ab;
using namespace ab::test;
using cuda::DeviceArray;
using cuda::Input;

using Bytes = std::vector<uint8_t>;

// Small numbers of each dtype: wholes and halves below 2.
Bytes arrayOf(const Buffer& buffer) {
  Bytes bytes(static_cast<size_t>(buffer.bytes()));
  for (int64_t i = 0; i < buffer.size; i++) {
    const int64_t n = randomBelow(4);
    const auto put = [&](auto value) { std::memcpy(bytes.data() + i * static_cast<int64_t>(sizeof value), &value, sizeof value); };
    switch (buffer.dtype) {
      case DType::f32: put(static_cast<float>(n) / 2); break;
      case DType::f64: put(static_cast<double>(n) / 2); break;
      case DType::i32: put(static_cast<int32_t>(n)); break;
      case DType::boolean: put(static_cast<uint8_t>(n % 2)); break;
      case DType::u8: put(static_cast<uint8_t>(n)); break;
    }
  }
  return bytes;
}

Bytes read(const DeviceArray& array) {
  Bytes bytes(array.bytes());
  array.read(bytes.data());
  return bytes;
}

std::vector<Bytes> readAll(const std::vector<std::shared_ptr<const DeviceArray>>& arrays) {
  std::vector<Bytes> all;
  for (const auto& array : arrays) all.push_back(read(*array));
  return all;
}

std::vector<Input> hostInputs(const std::vector<Bytes>& arrays) {
  std::vector<Input> inputs;
  for (const Bytes& array : arrays) inputs.push_back({array.data(), nullptr});
  return inputs;
}

std::vector<Bytes> onCpu(const Executable& program, const std::vector<Bytes>& arrays) {
  std::vector<const void*> inputs;
  std::vector<Bytes> results;
  std::vector<void*> outputs;
  for (const Bytes& array : arrays) inputs.push_back(array.data());
  for (int i = 0; i < program.outputs(); i++) results.emplace_back(static_cast<size_t>(program.output(i).bytes()));
  for (Bytes& result : results) outputs.push_back(result.data());
  program.run(inputs.data(), outputs.data());
  return results;
}

// Largest difference, against the largest magnitude of the array where that is above 1; infinite if a number faces none, or integers differ.
template <class T>
double distance(const Bytes& got, const Bytes& want) {
  double most = 1, worst = 0;
  for (size_t i = 0; i + sizeof(T) <= want.size(); i += sizeof(T)) {
    T g, w;
    std::memcpy(&g, got.data() + i, sizeof(T));
    std::memcpy(&w, want.data() + i, sizeof(T));
    if (g == w || (g != g && w != w)) continue;
    const double difference = std::fabs(static_cast<double>(g) - static_cast<double>(w));
    worst = difference <= 1e300 ? std::max(worst, difference) : INFINITY;
    if (std::isfinite(static_cast<double>(w))) most = std::max(most, std::fabs(static_cast<double>(w)));
  }
  return worst / most;
}

double distance(DType dtype, const Bytes& got, const Bytes& want) {
  if (got.size() != want.size()) return INFINITY;
  if (dtype == DType::f32) return distance<float>(got, want);
  if (dtype == DType::f64) return distance<double>(got, want);
  return got == want ? 0 : INFINITY;
}

void corpusTape(const fuzz::NamedInput& tape) {
  const Executable cpu(tape.input.words, tape.input.literals);
  const cuda::Executable gpu(tape.input.words, tape.input.literals);
  std::vector<Bytes> arrays;
  for (int i = 0; i < cpu.inputs(); i++) arrays.push_back(arrayOf(cpu.input(i)));
  const std::vector<Bytes> want = onCpu(cpu, arrays);
  simt::options().seed = 1;
  const std::vector<Bytes> got = readAll(gpu.run(hostInputs(arrays)));
  for (size_t i = 0; i < want.size(); i++) {
    const DType dtype = cpu.output(static_cast<int>(i)).dtype;
    // Sums in another order; and the CPU may compute convolutions by Winograd's algorithm, whose numbers are some units farther off.
    const double bound = dtype == DType::f64 ? 1e-13 : 2e-5;
    const double far = distance(dtype, got[i], want[i]);
    expect(far <= bound, [&] { return tape.name + ": result " + std::to_string(i) + " is " + std::to_string(far) + " from the CPU's"; });
  }
  // Again, by the graph that the first run captured, in another order, with inputs that are on the device.
  simt::options().seed = 2;
  std::vector<Input> resident;
  for (const Bytes& array : arrays) {
    auto copy = std::make_shared<DeviceArray>(array.size());
    cuda::Device::instance().upload(copy->memory(), array.data(), array.size());
    resident.push_back({nullptr, std::move(copy)});
  }
  expect(readAll(gpu.run(resident)) == got, tape.name + ": the same bits from the graph, in another order of threads");
}

fuzz::TapeInput doubling(int64_t size) {
  TapeWriter tape;
  tape.inputs = 1;
  tape.outputs = 1;
  tape.buffers = {{DType::f32, size}, {DType::f32, size}};
  Fused g;
  g.extents.rank = 1;
  g.extents[0] = size;
  Extents one;
  one.rank = 1;
  one[0] = 1;
  g.slots = {Slot{SlotKind::operand, DType::f32, 0, 0, one}, Slot{SlotKind::output, DType::f32, 1, 0, {}}};
  g.steps = {Step{StepOp::add, 1, {0, 0, -1}}};
  tape.fused(g);
  return tape.finish();
}

// Nothing runs before somebody reads: arrays of the host may be overwritten meanwhile, and results of one run go into the next.
void order() {
  const fuzz::TapeInput tape = doubling(1000);
  const cuda::Executable program(tape.words, tape.literals);
  std::vector<float> x(1000, 3);
  const Input input{x.data(), nullptr};
  auto first = program.run(std::span(&input, 1));
  std::fill(x.begin(), x.end(), 5.0f);
  auto second = program.run(std::span(&input, 1));
  std::fill(x.begin(), x.end(), 7.0f);
  const Input chained{nullptr, first[0]};
  const auto third = program.run(std::span(&chained, 1));
  first.clear();
  std::vector<float> got(1000);
  third[0]->read(got.data());
  expect(got == std::vector<float>(1000, 12), "a result that goes in again");
  second[0]->read(got.data());
  expect(got == std::vector<float>(1000, 10), "the host's array as it was at the run");
}

// More than the pinned memory holds goes through it in pieces.
void manyPieces() {
  const int64_t size = 5 << 20;
  std::vector<float> x(static_cast<size_t>(size));
  for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<float>(i);
  const DeviceArray array(x.size() * sizeof(float));
  cuda::Device::instance().upload(array.memory(), x.data(), array.bytes());
  std::vector<float> back(x.size());
  array.read(back.data());
  expect(back == x, "20 MiB through 16 MiB of pinned memory");
}

void memory(const std::vector<fuzz::NamedInput>& corpus) {
  const size_t before = simt::allocatedBytes();
  for (int i = 0; i < 3; i++)
    for (const fuzz::NamedInput& tape : corpus) {
      if (tape.name.rfind("cnn", 0) == 0) continue;
      const cuda::Executable program(tape.input.words, tape.input.literals);
      std::vector<Bytes> arrays;
      for (int k = 0; k < program.inputs(); k++) arrays.push_back(arrayOf(program.input(k)));
      program.run(hostInputs(arrays));
    }
  cuda::Device::instance().wait();
  const std::lock_guard lock(cuda::Device::instance().mutex());
  cuda::Device::instance().arena();
  expect(simt::allocatedBytes() <= before, "what programs and results held is released with them");
}

template <class Error>
bool refuses(const fuzz::TapeInput& tape, const std::string& why) {
  try {
    const cuda::Executable program(tape.words, tape.literals);
  } catch (const Error& error) {
    return std::string(error.what()).find(why) != std::string::npos;
  }
  return false;
}

void errors() {
  expect(refuses<cuda::CudaError>(doubling(int64_t{1} << 31), "2147483648 elements"), "an array that 31 bits cannot count");
  fuzz::TapeInput broken = doubling(10);
  broken.words[0]++;
  expect(refuses<TapeError>(broken, "this is no tape"), "a malformed tape");
  const fuzz::TapeInput large = doubling(int64_t{400} << 20);
  const cuda::Executable program(large.words, large.literals);
  bool told = false;
  try {
    const Input input{nullptr, std::make_shared<DeviceArray>(16)};
    program.run(std::span(&input, 1));
  } catch (const cuda::CudaError& error) {
    told = std::string(error.what()).find("out of memory") != std::string::npos;
  }
  expect(told, "more memory than the device has");
}

// What the decoder lets pass stays within its buffers, whatever it is.
void changedTapes(const std::vector<fuzz::NamedInput>& corpus) {
  int ran = 0;
  for (uint64_t seed = 1; seed <= 400; seed++) {
    fuzz::Random random(seed);
    fuzz::TapeInput input = corpus[random.below(corpus.size())].input;
    for (size_t rounds = 1 + random.below(3); rounds > 0; rounds--) fuzz::mutate(input, random, 4096);
    if (fuzz::tryTape(input) != fuzz::Outcome::ran) continue;
    try {
      const cuda::Executable program(input.words, input.literals);
      std::vector<Bytes> arrays;
      for (int i = 0; i < program.inputs(); i++) {
        arrays.emplace_back(static_cast<size_t>(program.input(i).bytes()));
        for (uint8_t& byte : arrays.back()) byte = static_cast<uint8_t>(random.next());
      }
      readAll(program.run(hostInputs(arrays)));
      ran++;
    } catch (const cuda::CudaError&) {
    } catch (const simt::Fault& fault) {
      expect(false, "changed tape " + std::to_string(seed) + ": " + fault.what());
    }
  }
  std::printf("%d changed tapes ran\n", ran);
  expect(ran >= 40, "most changed tapes were refused");
}

}  // namespace

int main() {
  const std::vector<fuzz::NamedInput> corpus = fuzz::readFolder(AB_CORPUS);
  expect(corpus.size() > 40, "there is a corpus");
  for (const fuzz::NamedInput& tape : corpus) corpusTape(tape);
  order();
  manyPieces();
  memory(corpus);
  errors();
  changedTapes(corpus);
  return finish();
}
