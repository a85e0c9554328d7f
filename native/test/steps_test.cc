// Single steps, each as a sweep of its own, and the loops of folds: on every dtype they are defined for, at lengths around every vector and
// every group.
#include "cpu/fused.h"

#include <cmath>
#include <limits>

#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;

bool isFloat(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }
bool isComparison(StepOp op) { return op == StepOp::equal || op == StepOp::less || op == StepOp::lessEqual; }
bool isLogical(StepOp op) { return op == StepOp::logicalAnd || op == StepOp::logicalOr || op == StepOp::logicalNot; }

const std::vector<int64_t>& lengths() {
  static const std::vector<int64_t> list = sizesAround({2, 4, 8, 16, 32, 64, 128});
  return list;
}

// What has an exact result on the numbers given; the rest is checked by itself below.
double exactly(StepOp op, DType dtype, double a, double b, double c) {
  const auto power = [](double x, double y) { return std::pow(x, y); };
  switch (op) {
    case StepOp::copy: return a;
    case StepOp::add: return a + b;
    case StepOp::sub: return a - b;
    case StepOp::mul: return a * b;
    case StepOp::div: return isFloat(dtype) ? a / b : b == 0 ? 0 : std::trunc(a / b);
    case StepOp::maximum: return std::max(a, b);
    case StepOp::minimum: return std::min(a, b);
    case StepOp::neg: return -a;
    case StepOp::abs: return std::fabs(a);
    case StepOp::sign: return a > 0 ? 1 : a < 0 ? -1 : a;
    case StepOp::floor: return std::floor(a);
    case StepOp::sqrt: return std::sqrt(a);
    case StepOp::pow: return power(a, b);
    case StepOp::equal: return a == b;
    case StepOp::less: return a < b;
    case StepOp::lessEqual: return a <= b;
    case StepOp::logicalAnd: return a != 0 && b != 0;
    case StepOp::logicalOr: return a != 0 || b != 0;
    case StepOp::logicalNot: return a == 0;
    case StepOp::select: return a != 0 ? b : c;
    default: return NAN;
  }
}

std::string describe(StepOp op, DType to, DType from, int single, int64_t n) {
  return std::string(nameOf(op)) + " " + nameOf(from) + " to " + nameOf(to) + " n=" + std::to_string(n) + " single=" + std::to_string(single);
}

// A sweep of one step. Bit k of `single`: source k is one number, read for every element.
class OneStep {
 public:
  OneStep(StepOp op, DType to, const std::vector<DType>& from, int64_t n, int single = 0) : sweep_(groupOf(op, to, from, n, single)) {}

  void run(void* to, const std::vector<void*>& from) const {
    std::vector<void*> buffers = from;
    buffers.push_back(to);
    sweep_.run(buffers.data(), nullptr);
  }

 private:
  static Fused groupOf(StepOp op, DType to, const std::vector<DType>& from, int64_t n, int single) {
    Fused group;
    group.extents = extentsOf({n});
    Step step;
    step.op = op;
    for (size_t k = 0; k < from.size(); k++) {
      group.slots.push_back({SlotKind::operand, from[k], static_cast<int32_t>(k), 0, extentsOf({(single >> k & 1) != 0 ? 0 : 1})});
      step.sources[k] = static_cast<int32_t>(k);
    }
    step.target = static_cast<int32_t>(from.size());
    group.slots.push_back({SlotKind::output, to, step.target, 0, {}});
    group.steps.push_back(step);
    return group;
  }

  Sweep sweep_;
};

// Sources and result at the edges of their memory, and the result over the first source where elements have one size.
void checkStep(StepOp op, DType from, DType to, int single) {
  const int arity = arityOf(op);
  for (const int64_t n : lengths()) {
    if (skipped()) continue;
    std::vector<std::vector<double>> values;
    std::vector<DType> types;
    for (int k = 0; k < arity; k++) {
      const DType type = op == StepOp::select && k == 0 ? DType::boolean : from;
      const int64_t count = (single >> k & 1) != 0 ? 1 : n;
      std::vector<double> v = randomTensor(type, {count}, 7).values;
      for (double& x : v) {
        if (op == StepOp::sqrt) x *= x;
        if (op == StepOp::floor) x += 0.25 * static_cast<double>(randomBelow(4));
        if (op == StepOp::div && k == 1) x = isFloat(from) && x == 0 ? 4 : x == 3 || x == -3 || x == 5 || x == -5 || x == 6 || x == -6 ? 2 : x;
        if (op == StepOp::pow) x = k == 0 ? x : static_cast<double>(randomBelow(4));
      }
      values.push_back(v);
      types.push_back(type);
    }
    std::vector<double> want;
    for (int64_t i = 0; i < n; i++) {
      const auto at = [&](int k) { return k < arity ? values[size_t(k)][(single >> k & 1) != 0 ? 0 : size_t(i)] : 0.0; };
      want.push_back(held(to, exactly(op, from, at(0), at(1), at(2))));
    }
    const OneStep step(op, to, types, n, single);
    for (const Edge edge : kEdges)
      for (const bool over : {false, true}) {
        if (over && (bytesOf(types[0]) != bytesOf(to) || (single & 1) != 0)) continue;
        std::vector<std::unique_ptr<GuardedBytes>> memory;
        std::vector<void*> sources;
        for (int k = 0; k < arity; k++) {
          memory.push_back(std::make_unique<GuardedBytes>(values[size_t(k)].size() * size_t(bytesOf(types[size_t(k)])), edge));
          pack(types[size_t(k)], values[size_t(k)], memory.back()->data());
          sources.push_back(memory.back()->data());
        }
        const GuardedBytes result(size_t(n * bytesOf(to)), edge);
        void* const target = over ? memory[0]->data() : result.data();
        step.run(target, sources);
        bool intact = result.intact();
        for (const auto& m : memory) intact = intact && m->intact();
        expect(intact && alike(unpack(to, n, target), want), [&] { return describe(op, to, from, single, n); });
      }
  }
}

void checkExactSteps() {
  for (const DType dtype : {DType::f32, DType::f64, DType::i32, DType::u8, DType::boolean})
    for (int code = 0; code < static_cast<int>(StepOp::convert); code++) {
      const auto op = static_cast<StepOp>(code);
      const bool wholeToo = op == StepOp::copy || op == StepOp::add || op == StepOp::sub || op == StepOp::mul || op == StepOp::div ||
                            op == StepOp::maximum || op == StepOp::minimum || op == StepOp::neg || op == StepOp::pow;
      const bool floatsOnly = op == StepOp::abs || op == StepOp::sign || op == StepOp::floor || op == StepOp::sqrt;
      const bool any = isComparison(op) || op == StepOp::select || op == StepOp::copy;
      const bool exactPower = op != StepOp::pow || dtype == DType::i32 || dtype == DType::f64;
      const bool defined = isLogical(op) ? dtype == DType::boolean
                           : any         ? true
                                         : dtype != DType::boolean && exactPower && (wholeToo || (floatsOnly && isFloat(dtype)));
      if (!defined || (!wholeToo && !floatsOnly && !any && !isLogical(op))) continue;
      const DType to = isComparison(op) || isLogical(op) ? DType::boolean : dtype;
      for (int single = 0; single < (1 << arityOf(op)); single++)
        checkStep(op, dtype, to, single);
    }
}

void checkConversions() {
  const double special[] = {0, -0.0, 0.5, -0.5, 1.5, -1.5, 255, 256, -1, 2147483647, -2147483648.0, 2147483648.0, 4294967296.0, -2147483649.0,
                            1e10, -1e10, 1e30, INFINITY, -INFINITY, NAN};
  // As a JavaScript typed array stores it.
  const auto stored = [](DType to, double x) -> double {
    if (to == DType::f64) return x;
    if (to == DType::f32) return static_cast<float>(x);
    if (to == DType::boolean) return x != 0;
    if (!std::isfinite(x)) return 0;
    const double modulo = std::fmod(std::trunc(x), 4294967296.0);
    return held(to, modulo);
  };
  for (const DType from : {DType::f32, DType::f64, DType::i32, DType::u8, DType::boolean})
    for (const DType to : {DType::f32, DType::f64, DType::i32, DType::u8, DType::boolean})
      for (const int64_t n : lengths()) {
        std::vector<double> values = randomTensor(from, {n}, 100).values;
        if (isFloat(from))
          for (size_t i = 0; i < values.size(); i++)
            if (i % 3 == 1) values[i] = held(from, special[i / 3 % std::size(special)]);
        std::vector<double> want;
        for (const double v : values) want.push_back(stored(to, v));
        for (const Edge edge : kEdges) {
          const GuardedBytes source(size_t(n * bytesOf(from)), edge), result(size_t(n * bytesOf(to)), edge);
          pack(from, values, source.data());
          OneStep(StepOp::convert, to, {from}, n).run(result.data(), {source.data()});
          expect(result.intact() && alike(unpack(to, n, result.data()), want), [&] { return describe(StepOp::convert, to, from, 0, n); });
        }
      }
}

// Elementary functions: right at the points where that is a whole number, near the library's value elsewhere, and the same for an element
// wherever it stands.
void checkFunctions(DType dtype) {
  struct Function {
    StepOp op;
    double (*of)(double);
    double at, is;
  };
  const Function functions[] = {
      {StepOp::exp, [](double x) { return std::exp(x); }, 0, 1},
      {StepOp::expm1, [](double x) { return std::expm1(x); }, 0, 0},
      {StepOp::log, [](double x) { return std::log(x); }, 1, 0},
      {StepOp::log1p, [](double x) { return std::log1p(x); }, 0, 0},
      {StepOp::rsqrt, [](double x) { return 1 / std::sqrt(x); }, 4, 0.5},
      {StepOp::tanh, [](double x) { return std::tanh(x); }, 0, 0},
      {StepOp::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 0, 0.5},
      {StepOp::softplus, [](double x) { return std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0); }, INFINITY, INFINITY},
      {StepOp::sin, [](double x) { return std::sin(x); }, 0, 0},
      {StepOp::cos, [](double x) { return std::cos(x); }, 0, 1},
  };
  for (const Function& f : functions) {
    const OneStep single(f.op, dtype, {dtype}, 1);
    for (const int64_t n : lengths()) {
      const OneStep step(f.op, dtype, {dtype}, n);
      std::vector<double> values;
      for (int64_t i = 0; i < n; i++) values.push_back(i % 5 == 0 ? f.at : held(dtype, static_cast<double>(1 + randomBelow(400)) / 64));
      for (const Edge edge : kEdges) {
        const GuardedBytes source(size_t(n * bytesOf(dtype)), edge), result(size_t(n * bytesOf(dtype)), edge);
        const GuardedBytes one(size_t(bytesOf(dtype)), edge), alone(size_t(bytesOf(dtype)), edge);
        pack(dtype, values, source.data());
        step.run(result.data(), {source.data()});
        const std::vector<double> got = unpack(dtype, n, result.data());
        bool right = result.intact() && alone.intact();
        for (size_t i = 0; i < values.size(); i++) {
          const double want = values[i] == f.at ? f.is : f.of(values[i]);
          right = right && (got[i] == want || std::fabs(got[i] - want) <= 2e-7 * std::fabs(want));
          if (values[i] == f.at) right = right && got[i] == f.is;
          pack(dtype, {values[i]}, one.data());
          single.run(alone.data(), {one.data()});
          right = right && std::memcmp(alone.data(), result.data() + static_cast<int64_t>(i) * bytesOf(dtype), size_t(bytesOf(dtype))) == 0;
        }
        expect(right, [&] { return describe(f.op, dtype, dtype, 0, n); });
      }
    }
  }
}

// Sums and maxima of runs and of lanes, joined and finished.
void checkFolds() {
  for (const DType dtype : {DType::f32, DType::f64, DType::i32, DType::u8})
    for (const FoldOp op : {FoldOp::sum, FoldOp::max}) {
      const FoldFunctions with = foldFunctions(op, dtype);
      // What a tile starts with. A result of nothing is what an integer array makes of minus infinity: 0.
      const double lowest = op == FoldOp::sum ? 0 : isFloat(dtype) ? -INFINITY : dtype == DType::i32 ? -2147483648.0 : 0;
      const double nothing = isFloat(dtype) ? lowest : 0;
      const auto join = [&](double a, double b) { return op == FoldOp::sum ? held(dtype, a + b) : std::max(a, b); };
      for (const int64_t runs : {0, 1, 2, 3, 4, 5, 31})
        for (const int64_t length : lengths())
          for (const Edge edge : kEdges) {
            if (skipped()) continue;
            const std::vector<double> values = randomTensor(dtype, {runs * length}, 9).values;
            const GuardedBytes source(size_t(runs * length * bytesOf(dtype)), edge);
            pack(dtype, values, source.data());
            const auto check = [&](const char* what, int64_t slots, const std::vector<double>& want, auto&& add) {
              const GuardedBytes held8(size_t(slots) * 8, edge), others(size_t(slots) * 8, edge), result(size_t(slots * bytesOf(dtype)), edge);
              with.startSlots(slots, held8.data());
              with.startSlots(slots, others.data());
              add(held8.data());
              with.merge(slots, others.data(), held8.data());
              with.finish(slots, result.data(), others.data());
              expect(held8.intact() && others.intact() && result.intact() && alike(unpack(dtype, slots, result.data()), want),
                     [&] { return std::string(nameOf(op)) + " " + what + " " + nameOf(dtype) + " " + std::to_string(runs) + "x" + std::to_string(length); });
            };
            std::vector<double> each, all(1, held(dtype, lowest)), lanes(size_t(length), held(dtype, lowest));
            for (int64_t r = 0; r < runs; r++) {
              double sum = held(dtype, lowest);
              for (int64_t i = 0; i < length; i++) {
                const double v = values[size_t(r * length + i)];
                sum = join(sum, v);
                lanes[size_t(i)] = join(lanes[size_t(i)], v);
              }
              each.push_back(sum);
              all[0] = join(all[0], sum);
            }
            const std::vector<double> tiles = lanes;
            if (runs * length == 0)
              for (std::vector<double>* list : {&each, &all, &lanes}) std::fill(list->begin(), list->end(), nothing);
            check("runs", runs, each, [&](void* slots) { with.addRuns(runs, length, source.data(), slots, 1); });
            check("run", 1, all, [&](void* slots) { with.addRuns(runs, length, source.data(), slots, 0); });
            check("lanes", length, lanes, [&](void* slots) { with.addLanes(runs, length, source.data(), slots, 0); });
            check("all lanes", runs * length, values, [&](void* slots) { with.addLanes(runs, length, source.data(), slots, length); });
            const GuardedBytes tile(size_t(length * bytesOf(dtype)), edge);
            with.startTile(length, tile.data());
            for (int64_t r = 0; r < runs; r++) with.addTile(length, tile.data(), source.data() + r * length * bytesOf(dtype));
            expect(tile.intact() && alike(unpack(dtype, length, tile.data()), tiles), [&] { return std::string("tile of ") + nameOf(op); });
          }
    }
}

// Integers wrap, and division by nothing is 0.
void checkLimits() {
  const int32_t most = std::numeric_limits<int32_t>::max(), least = std::numeric_limits<int32_t>::min();
  int32_t a[] = {most, least, least, least, 5, most}, b[] = {1, 1, -1, -1, 0, most};
  const auto run = [&](StepOp op, std::vector<int32_t> want) {
    int32_t to[6];
    const std::vector<void*> sources{a, b};
    const auto arity = static_cast<size_t>(arityOf(op));
    OneStep(op, DType::i32, std::vector<DType>(arity, DType::i32), 6).run(to, {sources.begin(), sources.begin() + arityOf(op)});
    expect(std::equal(want.begin(), want.end(), to), std::string(nameOf(op)) + " at the limits of i32");
  };
  run(StepOp::add, {least, least + 1, most, most, 5, -2});
  run(StepOp::sub, {most - 1, most, least + 1, least + 1, 5, 0});
  run(StepOp::mul, {most, least, least, least, 0, 1});
  run(StepOp::div, {most, least, least, least, 0, 1});
  run(StepOp::neg, {-most, least, least, least, -5, -most});
  // NaN wins over any number, +0 over -0.
  for (const DType dtype : {DType::f32, DType::f64}) {
    const std::vector<double> x = {NAN, 1, 0.0, -0.0, NAN}, y = {1, NAN, -0.0, 0.0, NAN};
    std::byte p[64], q[64], z[64];
    pack(dtype, x, p), pack(dtype, y, q);
    OneStep(StepOp::maximum, dtype, {dtype, dtype}, 5).run(z, {p, q});
    std::vector<double> got = unpack(dtype, 5, z);
    expect(alike(got, {NAN, NAN, 0, 0, NAN}) && !std::signbit(got[2]) && !std::signbit(got[3]), "maximum of NaN and of zeros");
    OneStep(StepOp::minimum, dtype, {dtype, dtype}, 5).run(z, {p, q});
    got = unpack(dtype, 5, z);
    expect(alike(got, {NAN, NAN, 0, 0, NAN}) && std::signbit(got[2]) && std::signbit(got[3]), "minimum of NaN and of zeros");
  }
}

}  // namespace

int main() {
  forEachIsa([] {
    checkExactSteps();
    checkConversions();
    checkFunctions(DType::f32);
    checkFunctions(DType::f64);
    checkFolds();
    checkLimits();
  });
  return finish();
}
