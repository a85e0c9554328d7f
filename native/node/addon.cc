// The boundary to Node: JavaScript values in, JavaScript values out, no mathematics. Everything C++ throws becomes a JavaScript Error whose
// `code` is ERR_TAPE for a malformed tape and ERR_NATIVE for anything else.
#include <napi.h>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "cpu/executor.h"
#include "cpu/isa.h"
#include "cpu/probe.h"
#include "cpu/thread_pool.h"
#include "node/boundary.h"

namespace {

using ab::node::errorOf;
using ab::node::fail;
using ab::node::memoryOf;
using ab::node::namesOf;
using ab::node::TapeArrays;
using ab::node::tapeOf;

// Runs fn with C++ exceptions turned into JavaScript's.
template <class F>
auto guarded(Napi::Env env, F&& fn) {
  try {
    return fn();
  } catch (const Napi::Error&) {
    throw;
  } catch (const ab::TapeError& error) {
    throw errorOf(env, "ERR_TAPE", error.what());
  } catch (const std::bad_alloc&) {
    throw errorOf(env, "ERR_NATIVE", "native: out of memory; use smaller batches or fewer intermediate values");
  } catch (const std::exception& error) {
    throw errorOf(env, "ERR_NATIVE", error.what());
  }
}

// The memory of the arrays of one run.
struct Memory {
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
};

// The elements at `offset` bytes into an ArrayBuffer. Raw calls: the wrappers of node-addon-api cost as much again.
void* memoryIn(napi_env env, napi_value operand, double offset, const ab::Buffer& buffer, const char* what, int i) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_arraybuffer_info(env, operand, &data, &length) != napi_ok) return memoryOf(env, {env, operand}, buffer, what, i);
  const auto element = static_cast<double>(ab::bytesOf(buffer.dtype));
  const double bytes = static_cast<double>(buffer.size) * element;
  if (!(offset >= 0 && offset + bytes <= static_cast<double>(length) && std::fmod(offset, element) == 0)) {
    fail(env, std::string("run: ") + what + " " + std::to_string(i) + " must be " + std::to_string(buffer.size) + " elements of " +
                  ab::nameOf(buffer.dtype) + " within its buffer, got one of " + std::to_string(length) + " bytes and offset " +
                  std::to_string(offset));
  }
  return static_cast<std::byte*>(data) + static_cast<size_t>(offset);
}

Memory memoryOf(Napi::Env env, const ab::Executable& program, Napi::Value inputs, Napi::Value outputs) {
  if (!inputs.IsArray() || !outputs.IsArray()) fail(env, "run: needs an array of inputs and an array of outputs");
  const auto ins = inputs.As<Napi::Array>();
  const auto outs = outputs.As<Napi::Array>();
  if (static_cast<int>(ins.Length()) != program.inputs() || static_cast<int>(outs.Length()) != program.outputs()) {
    fail(env, "run: the program has " + std::to_string(program.inputs()) + " inputs and " + std::to_string(program.outputs()) +
                  " outputs, got " + std::to_string(ins.Length()) + " and " + std::to_string(outs.Length()));
  }
  Memory memory;
  memory.inputs.reserve(ins.Length());
  memory.outputs.reserve(outs.Length());
  for (uint32_t i = 0; i < ins.Length(); i++) {
    const auto n = static_cast<int>(i);
    memory.inputs.push_back(memoryOf(env, ins.Get(i), program.input(n), "input", n));
  }
  for (uint32_t i = 0; i < outs.Length(); i++) {
    const auto n = static_cast<int>(i);
    memory.outputs.push_back(memoryOf(env, outs.Get(i), program.output(n), "output", n));
  }
  return memory;
}

// A run on a thread of libuv's pool. Keeps the arrays and the program alive until it is done.
class RunWorker : public Napi::AsyncWorker {
 public:
  RunWorker(Napi::Env env, std::shared_ptr<const ab::Executable> program, Memory memory, Napi::Value inputs, Napi::Value outputs)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        program_(std::move(program)),
        memory_(std::move(memory)),
        inputs_(hold(env, inputs)),
        outputs_(Napi::Persistent(outputs.As<Napi::Object>())) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      program_->run(memory_.inputs.data(), memory_.outputs.data());
    } catch (const std::bad_alloc&) {
      SetError("native: out of memory; use smaller batches or fewer intermediate values");
    }
  }
  void OnOK() override { deferred_.Resolve(outputs_.Value()); }
  void OnError(const Napi::Error& error) override {
    error.Set("code", Napi::String::New(Env(), "ERR_NATIVE"));
    deferred_.Reject(error.Value());
  }

 private:
  // A copy of the list: the caller may change its own, and the arrays must not be collected.
  static Napi::ObjectReference hold(Napi::Env env, Napi::Value list) {
    const auto from = list.As<Napi::Array>();
    Napi::Array to = Napi::Array::New(env, from.Length());
    for (uint32_t i = 0; i < from.Length(); i++) to.Set(i, from.Get(i));
    return Napi::Persistent(to.As<Napi::Object>());
  }

  Napi::Promise::Deferred deferred_;
  std::shared_ptr<const ab::Executable> program_;
  Memory memory_;
  Napi::ObjectReference inputs_;
  Napi::ObjectReference outputs_;
};

class ExecutableObject : public Napi::ObjectWrap<ExecutableObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Executable",
                       {InstanceMethod<&ExecutableObject::run>("run"), InstanceMethod<&ExecutableObject::runIn>("runIn"),
                        InstanceMethod<&ExecutableObject::runAsync>("runAsync"),
                        InstanceMethod<&ExecutableObject::profile>("profile"), InstanceMethod<&ExecutableObject::stats>("stats")});
  }

  explicit ExecutableObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExecutableObject>(info) {
    const Napi::Env env = info.Env();
    const TapeArrays arrays = tapeOf(info);
    guarded(env, [&] { program_ = std::make_shared<const ab::Executable>(arrays.words, arrays.literals); });
  }

 private:
  Napi::Value run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const Memory memory = memoryOf(env, *program_, info[0], info[1]);
    guarded(env, [&] { program_->run(memory.inputs.data(), memory.outputs.data()); });
    return info[1];
  }

  void runIn(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const int inputs = program_->inputs();
    const int outputs = program_->outputs();
    napi_typedarray_type type = napi_int8_array;
    size_t length = 0;
    void* data = nullptr;
    const bool given = info.Length() > 0 &&
                       napi_get_typedarray_info(env, info[0], &type, &length, &data, nullptr, nullptr) == napi_ok &&
                       type == napi_float64_array && length == info.Length() - 1 && static_cast<int>(length) == inputs + outputs;
    if (!given) {
      fail(env, "runIn: needs a Float64Array of offsets and as many operands, " + std::to_string(inputs) + " inputs and " +
                    std::to_string(outputs) + " outputs");
    }
    const auto* const offsets = static_cast<const double*>(data);
    // Kept between runs, which take turns on this thread.
    operands_.inputs.resize(static_cast<size_t>(inputs));
    operands_.outputs.resize(static_cast<size_t>(outputs));
    for (int i = 0; i < inputs; i++) {
      const auto n = static_cast<size_t>(i);
      operands_.inputs[n] = memoryIn(env, info[n + 1], offsets[n], program_->input(i), "input", i);
    }
    for (int i = 0; i < outputs; i++) {
      const auto n = static_cast<size_t>(inputs + i);
      operands_.outputs[static_cast<size_t>(i)] = memoryIn(env, info[n + 1], offsets[n], program_->output(i), "output", i);
    }
    guarded(env, [&] { program_->run(operands_.inputs.data(), operands_.outputs.data()); });
  }

  Napi::Value runAsync(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    Memory memory = memoryOf(env, *program_, info[0], info[1]);
    auto* const worker = new RunWorker(env, program_, std::move(memory), info[0], info[1]);
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
  }

  Napi::Value profile(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const Memory memory = memoryOf(env, *program_, info[0], info[1]);
    const std::vector<double> seconds = guarded(env, [&] { return program_->profile(memory.inputs.data(), memory.outputs.data()); });
    Napi::Array result = Napi::Array::New(env, seconds.size());
    for (size_t i = 0; i < seconds.size(); i++) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", program_->nameOfInstruction(i));
      entry.Set("seconds", seconds[i]);
      result.Set(static_cast<uint32_t>(i), entry);
    }
    return result;
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("instructions", static_cast<double>(program_->instructions()));
    result.Set("arenaBytes", static_cast<double>(program_->workingBytes()));
    return result;
  }

  std::shared_ptr<const ab::Executable> program_;
  Memory operands_;
};

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  return guarded(env, [&] {
    Napi::Object result = Napi::Object::New(env);
    result.Set("isa", ab::isaName());
    result.Set("threads", ab::ThreadPool::instance().threads());
    result.Set("tapeVersion", ab::kTapeVersion);
    result.Set("steps", namesOf<ab::StepOp>(env));
    result.Set("folds", namesOf<ab::FoldOp>(env));
    result.Set("opcodes", namesOf<ab::Opcode>(env));
    return result;
  });
}

void setThreads(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber() || info[0].As<Napi::Number>().Int32Value() < 1) fail(info.Env(), "setThreads: needs a number of at least 1");
  ab::ThreadPool::instance().setThreads(info[0].As<Napi::Number>().Int32Value());
}

void setIsa(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  for (const ab::Isa isa : ab::kIsas) {
    if (name == ab::isaName(isa)) return guarded(env, [&] { ab::setIsa(isa); });
  }
  fail(env, std::string("setIsa: expects ") + ab::kIsaNames + ", got \"" + name + "\"");
}

int threadsOf(const Napi::CallbackInfo& info) {
  return info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : ab::ThreadPool::instance().threads();
}

Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const int runs = info[2].IsNumber() ? std::max(1, info[2].As<Napi::Number>().Int32Value()) : 60;
  return guarded(info.Env(), [&] { return Napi::Number::New(info.Env(), ab::fmaPeakGflops(threadsOf(info), info[1].ToBoolean(), runs)); });
}

Napi::Value copyBandwidth(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::Number::New(info.Env(), ab::copyBandwidthGBs(threadsOf(info))); });
}

// Results are allocated by Node and freed by its collector, many at a time. glibc would hand such memory back to the system and fetch it
// again, zeroed page by page, which takes ten times as long as filling it does; so it is told to keep it.
void keepFreedMemory() {
#if defined(__GLIBC__)
  constexpr int kKept = 512 << 20;
  constexpr int kLargestFromHeap = 32 << 20;
  if (std::getenv("MALLOC_TRIM_THRESHOLD_") == nullptr) mallopt(M_TRIM_THRESHOLD, kKept);
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") == nullptr) mallopt(M_MMAP_THRESHOLD, kLargestFromHeap);
#endif
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  keepFreedMemory();
  exports.Set("Executable", ExecutableObject::define(env));
  exports.Set("info", Napi::Function::New<info>(env, "info"));
  exports.Set("setThreads", Napi::Function::New<setThreads>(env, "setThreads"));
  exports.Set("setIsa", Napi::Function::New<setIsa>(env, "setIsa"));
  exports.Set("fmaPeak", Napi::Function::New<fmaPeak>(env, "fmaPeak"));
  exports.Set("copyBandwidth", Napi::Function::New<copyBandwidth>(env, "copyBandwidth"));
  return exports;
}

}  // namespace

NODE_API_MODULE(autobalance, initialize)
