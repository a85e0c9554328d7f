// The boundary to Node of the CUDA executor. Arrays of the device are handles, which the collector frees; it is told how many bytes they hold.
// Errors have the code ERR_TAPE, ERR_CUDA, or one that says why there is no device (cuda/driver.h).
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "cuda/driver.h"
#include "cuda/executor.h"
#include "node/boundary.h"

namespace {

using ab::cuda::Device;
using ab::cuda::DeviceArray;
using ab::node::errorOf;
using ab::node::fail;

using Handle = std::shared_ptr<const DeviceArray>;

// Asked once: a driver does not come or go.
const ab::cuda::Driver& driver() {
  static const ab::cuda::Driver found = ab::cuda::probeDriver(CUDART_VERSION);
  return found;
}

template <class F>
auto guarded(Napi::Env env, F&& fn) {
  try {
    return fn();
  } catch (const Napi::Error&) {
    throw;
  } catch (const ab::TapeError& error) {
    throw errorOf(env, "ERR_TAPE", error.what());
  } catch (const std::exception& error) {
    throw errorOf(env, "ERR_CUDA", error.what());
  }
}

Napi::Value handleOf(Napi::Env env, const Handle& array) {
  const auto bytes = static_cast<int64_t>(array->bytes());
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
  return Napi::External<Handle>::New(env, new Handle(array), [bytes](Napi::Env of, Handle* handle) {
    delete handle;
    Napi::MemoryManagement::AdjustExternalMemory(of, -bytes);
  });
}

class ExecutableObject : public Napi::ObjectWrap<ExecutableObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Executable", {InstanceMethod<&ExecutableObject::run>("run"), InstanceMethod<&ExecutableObject::stats>("stats")});
  }

  explicit ExecutableObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExecutableObject>(info) {
    const ab::node::TapeArrays arrays = ab::node::tapeOf(info);
    guarded(info.Env(), [&] { program_ = std::make_unique<const ab::cuda::Executable>(arrays.words, arrays.literals); });
  }

 private:
  Napi::Value run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto given = info[0].IsArray() ? info[0].As<Napi::Array>() : Napi::Array::New(env);
    if (static_cast<int>(given.Length()) != program_->inputs()) {
      fail(env, "run: the program has " + std::to_string(program_->inputs()) + " inputs, got " + std::to_string(given.Length()));
    }
    std::vector<ab::cuda::Input> inputs;
    for (uint32_t i = 0; i < given.Length(); i++) inputs.push_back(inputOf(env, given.Get(i), static_cast<int>(i)));
    const std::vector<Handle> results = guarded(env, [&] { return program_->run(inputs); });
    Napi::Array handles = Napi::Array::New(env, results.size());
    for (size_t i = 0; i < results.size(); i++) handles.Set(static_cast<uint32_t>(i), handleOf(env, results[i]));
    return handles;
  }

  ab::cuda::Input inputOf(Napi::Env env, const Napi::Value& value, int i) const {
    const ab::Buffer& buffer = program_->input(i);
    if (!value.IsExternal()) return {ab::node::memoryOf(env, value, buffer, "input", i), nullptr};
    const Handle& array = *value.As<Napi::External<Handle>>().Data();
    if (static_cast<int64_t>(array->bytes()) != buffer.bytes()) {
      fail(env, "run: input " + std::to_string(i) + " must be " + std::to_string(buffer.bytes()) + " bytes, got " + std::to_string(array->bytes()));
    }
    return {nullptr, array};
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("instructions", static_cast<double>(program_->instructions()));
    result.Set("arenaBytes", static_cast<double>(program_->workingBytes()));
    return result;
  }

  std::unique_ptr<const ab::cuda::Executable> program_;
};

// read(handle, array): copies what the device holds; waits for what computes it.
void read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 2 || !info[0].IsExternal() || !info[1].IsTypedArray()) fail(env, "read: needs a handle and a typed array");
  const Handle& array = *info[0].As<Napi::External<Handle>>().Data();
  const auto to = info[1].As<Napi::TypedArray>();
  if (to.ByteLength() != array->bytes()) {
    fail(env, "read: needs " + std::to_string(array->bytes()) + " bytes, got " + std::to_string(to.ByteLength()));
  }
  if (array->bytes() == 0) return;
  void* const memory = static_cast<std::byte*>(to.ArrayBuffer().Data()) + to.ByteOffset();
  guarded(env, [&] { array->read(memory); });
}

// Waits on a thread of libuv's pool.
class WaitWorker : public Napi::AsyncWorker {
 public:
  explicit WaitWorker(Napi::Env env) : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise promise() const { return deferred_.Promise(); }
  void Execute() override {
    try {
      Device::instance().wait();
    } catch (const std::exception& error) {
      SetError(error.what());
    }
  }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override {
    error.Set("code", Napi::String::New(Env(), "ERR_CUDA"));
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
};

Napi::Value wait(const Napi::CallbackInfo& info) {
  auto* const worker = new WaitWorker(info.Env());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

// What runs here. Throws an error whose code says why nothing does.
Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  if (driver().state != ab::cuda::DriverState::ready) throw errorOf(env, ab::cuda::codeOf(driver().state), driver().message);
  return guarded(env, [&] {
    const cudaDeviceProp& device = Device::instance().properties();
    Napi::Object result = Napi::Object::New(env);
    result.Set("device", device.name);
    result.Set("compute", std::to_string(device.major) + "." + std::to_string(device.minor));
    result.Set("multiprocessors", device.multiProcessorCount);
    result.Set("memoryBytes", static_cast<double>(device.totalGlobalMem));
    result.Set("driver", driver().version);
    result.Set("runtime", CUDART_VERSION);
    result.Set("tapeVersion", ab::kTapeVersion);
    result.Set("steps", ab::node::namesOf<ab::StepOp>(env));
    result.Set("folds", ab::node::namesOf<ab::FoldOp>(env));
    result.Set("opcodes", ab::node::namesOf<ab::Opcode>(env));
    return result;
  });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("info", Napi::Function::New<info>(env, "info"));
  exports.Set("Executable", ExecutableObject::define(env));
  exports.Set("read", Napi::Function::New<read>(env, "read"));
  exports.Set("wait", Napi::Function::New<wait>(env, "wait"));
  return exports;
}

}  // namespace

NODE_API_MODULE(autobalance_cuda, initialize)
