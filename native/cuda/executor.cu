#include "executor.h"

#include "lower.h"

namespace ab::cuda {
namespace {

void requireCountable(int64_t size, const char* what) {
  if (size > kMostElements) {
    throw CudaError(std::string("cuda: ") + what + " of " + std::to_string(size) + " elements; at most " + std::to_string(kMostElements) +
                    " are possible, so use smaller batches");
  }
}

}  // namespace

Executable::Executable(std::span<const int32_t> words, std::span<const double> literals)
    : tape_(decodeTape(words, literals)), plan_(static_cast<int>(tape_.buffers.size())) {
  for (const Buffer& buffer : tape_.buffers) requireCountable(buffer.size, "an array");
  for (const Fused& group : tape_.fused) requireCountable(group.extents.size(), "a sweep");
  lowerAll();
  arenaBytes_ = static_cast<size_t>(tape_.arenaLines * kLine);
  constants_ = std::make_unique<DeviceArray>(plan_.constantBytes().size());
  Device::instance().upload(constants_->memory(), plan_.constantBytes().data(), plan_.constantBytes().size());
  table_ = std::make_unique<DeviceArray>((tape_.buffers.size() + 2) * sizeof(void*));
  Device::instance().enter(workingBytes());
}

Executable::~Executable() {
  Device::instance().leave(workingBytes());
  if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
}

void Executable::lowerAll() {
  for (const Instruction& instruction : tape_.instructions) {
    const auto index = static_cast<size_t>(instruction.index);
    if (instruction.fused) lower(tape_.fused[index], plan_);
    else lower(tape_.kernels[index], plan_);
  }
  // The plan has copied what it needs.
  tape_.fused.clear();
  tape_.kernels.clear();
}

// Of the launches alone, so that a run may be given other addresses, and memory of its own.
void Executable::capture() const {
  const cudaStream_t stream = Device::instance().stream();
  auto* const table = static_cast<void* const*>(table_->memory());
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "a graph cannot be captured");
  try {
    for (const Plan::Launch& launch : plan_.launches()) launch(stream, table);
  } catch (...) {
    cudaGraph_t broken = nullptr;
    cudaStreamEndCapture(stream, &broken);
    if (broken != nullptr) cudaGraphDestroy(broken);
    throw;
  }
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream, &graph), "a graph was not captured");
  const cudaError_t status = cudaGraphInstantiate(&graph_, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "a graph cannot be made ready");
}

std::vector<std::shared_ptr<const DeviceArray>> Executable::run(std::span<const Input> inputs) const {
  Device& device = Device::instance();
  const std::lock_guard lock(device.mutex());
  std::vector<void*> table;
  table.reserve(tape_.buffers.size() + 2);
  // Arrays of this run alone; they are released in the stream's order, after the run.
  std::vector<std::unique_ptr<DeviceArray>> uploaded;
  for (size_t i = 0; i < inputs.size(); i++) {
    if (inputs[i].array != nullptr) {
      table.push_back(inputs[i].array->memory());
      continue;
    }
    const auto bytes = static_cast<size_t>(tape_.buffers[i].bytes());
    uploaded.push_back(std::make_unique<DeviceArray>(bytes));
    device.upload(uploaded.back()->memory(), inputs[i].host, bytes);
    table.push_back(uploaded.back()->memory());
  }
  std::vector<std::shared_ptr<const DeviceArray>> results;
  for (int i = 0; i < tape_.outputs; i++) {
    results.push_back(std::make_shared<DeviceArray>(static_cast<size_t>(output(i).bytes())));
    table.push_back(results.back()->memory());
  }
  std::byte* const arena = device.arena();
  for (size_t i = table.size(); i < tape_.buffers.size(); i++) table.push_back(arena + tape_.buffers[i].line * kLine);
  table.push_back(arena + arenaBytes_);
  table.push_back(constants_->memory());
  device.upload(table_->memory(), table.data(), table.size() * sizeof(void*));
  if (plan_.launches().empty()) return results;
  if (graph_ == nullptr) capture();
  check(cudaGraphLaunch(graph_, device.stream()), "a graph was not launched");
  return results;
}

}  // namespace ab::cuda
