// Every primitive's derivatives, in either mode and of second order, as an executor computes them: tapes of (x, v, w) to (f, J'w, Jv, Hv), which
// fuzz/derivatives.mjs writes and describes, against differences, by the adjoint identity and by the symmetry of Hessians. All in f64, with nothing
// but the executor's own results beside each other.
#include <cmath>
#include <numeric>

#include "check.h"
#include "cpu/tape.h"
#include "run_tape.h"

namespace {

using namespace ab;
using namespace ab::test;

using Numbers = std::vector<double>;
using Arrays = std::vector<Numbers>;

// Powers of two, as are all steps: what goes in is exact in f32 too, which the program of `convert` goes through.
constexpr double kStep = 1.0 / 2048;
// Of a tangent against differences of fourth order, and of the identities; relative to the norms.
constexpr double kDifference = 1e-9;
constexpr double kExact = 1e-12;

double inner(const Arrays& a, const Arrays& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum = std::inner_product(a[i].begin(), a[i].end(), b[i].begin(), sum);
  return sum;
}
double norm(const Arrays& a) { return std::sqrt(inner(a, a)); }

// sum + factor * x.
void addTo(Arrays& sum, double factor, const Arrays& x) {
  for (size_t i = 0; i < sum.size(); i++)
    for (size_t k = 0; k < sum[i].size(); k++) sum[i][k] += factor * x[i][k];
}

// Numbers about 1 in any order, far enough from each other, from those of other inputs and from 1 that no step changes which of two is larger.
Numbers apart(int64_t size, size_t input) {
  std::vector<int64_t> place(static_cast<size_t>(size));
  std::iota(place.begin(), place.end(), 0);
  for (size_t i = place.size(); i > 1; i--) std::swap(place[i - 1], place[static_cast<size_t>(randomBelow(static_cast<int64_t>(i)))]);
  Numbers values;
  for (const int64_t k : place) {
    const double x = 0.53 + 0.011 * static_cast<double>(input) + 0.9 * (static_cast<double>(k) + 0.5) / static_cast<double>(size);
    values.push_back(std::round(4096 * x) / 4096);
  }
  return values;
}

Numbers direction(int64_t size) {
  Numbers values(static_cast<size_t>(size));
  for (double& x : values) x = static_cast<double>(randomBelow(17) - 8) / 8;
  return values;
}

Bytes bytesOf(const Numbers& values) {
  Bytes bytes(values.size() * sizeof(double));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

struct Results {
  Arrays f, pulled, tangent, second;
};

class Program {
 public:
  explicit Program(const fuzz::NamedInput& from) : name_(from.name), input_(from.input), tape_(decodeTape(from.input.words, from.input.literals)) {
    size_t floats = 0;
    while (floats < static_cast<size_t>(tape_.inputs) && tape_.buffers[floats].dtype == DType::f64) floats++;
    // 2 p + q inputs, 2 q + 2 p results.
    q_ = static_cast<size_t>(tape_.outputs) - floats;
    p_ = (floats - q_) / 2;
    for (size_t i = floats; i < static_cast<size_t>(tape_.inputs); i++) {
      const Buffer& buffer = tape_.buffers[i];
      std::vector<int32_t> values(static_cast<size_t>(buffer.size));
      for (int32_t& value : values) value = static_cast<int32_t>(randomBelow(4));
      others_.emplace_back(values.size() * sizeof(int32_t));
      std::memcpy(others_.back().data(), values.data(), others_.back().size());
    }
  }

  const std::string& name() const { return name_; }
  bool holds() const { return p_ > 0 && q_ > 0 && tape_.outputs == static_cast<int32_t>(2 * (p_ + q_)); }
  int64_t size(size_t input) const { return tape_.buffers[input].size; }
  size_t p() const { return p_; }
  size_t q() const { return q_; }

  Results run(const Arrays& x, const Arrays& v, const Arrays& w) const {
    std::vector<Bytes> inputs;
    for (const Arrays* const part : {&x, &v, &w})
      for (const Numbers& each : *part) inputs.push_back(bytesOf(each));
    inputs.insert(inputs.end(), others_.begin(), others_.end());
    Arrays all;
    for (const Bytes& each : runTape(input_, inputs)) {
      all.emplace_back(each.size() / sizeof(double));
      std::memcpy(all.back().data(), each.data(), each.size());
    }
    const auto part = [&](size_t from, size_t count) { return Arrays(all.begin() + static_cast<ptrdiff_t>(from), all.begin() + static_cast<ptrdiff_t>(from + count)); };
    return {part(0, q_), part(q_, p_), part(q_ + p_, q_), part(2 * q_ + p_, p_)};
  }

 private:
  std::string name_;
  fuzz::TapeInput input_;
  Tape tape_;
  size_t p_ = 0, q_ = 0;
  std::vector<Bytes> others_;
};

void derivatives(const Program& program) {
  const auto draw = [&](size_t first, size_t count, auto&& make) {
    Arrays arrays;
    for (size_t i = first; i < first + count; i++) arrays.push_back(make(program.size(i), i));
    return arrays;
  };
  const size_t p = program.p(), q = program.q();
  const auto any = [](int64_t size, size_t) { return direction(size); };
  const Arrays x = draw(0, p, apart), v = draw(p, p, any), u = draw(p, p, any), w = draw(2 * p, q, any);
  const Results at = program.run(x, v, w), other = program.run(x, u, w);

  Results differences = at;
  for (Arrays* const each : {&differences.f, &differences.pulled})
    for (Numbers& values : *each) std::fill(values.begin(), values.end(), 0.0);
  for (const auto& [steps, weight] : {std::pair{1, 8.0}, {-1, -8.0}, {2, -1.0}, {-2, 1.0}}) {
    Arrays moved = x;
    addTo(moved, steps * kStep, v);
    const Results there = program.run(moved, v, w);
    addTo(differences.f, weight / (12 * kStep), there.f);
    addTo(differences.pulled, weight / (12 * kStep), there.pulled);
  }
  const auto near = [&](const Arrays& tangent, Arrays difference, const char* what) {
    addTo(difference, -1, tangent);
    expect(norm(tangent) > 0, program.name() + ": " + what + " is zero, which shows nothing");
    expect(norm(difference) <= kDifference * (1 + norm(tangent)), [&] { return program.name() + ": " + what + " is off by " + std::to_string(norm(difference)); });
  };
  near(at.tangent, differences.f, "the tangent against differences");
  near(at.second, differences.pulled, "the second derivative against differences of the first");

  const auto equal = [&](double a, double b, double size, const char* what) {
    expect(std::fabs(a - b) <= kExact * size, [&] { return program.name() + ": " + what + ": " + std::to_string(a) + " and " + std::to_string(b); });
  };
  equal(inner(w, at.tangent), inner(at.pulled, v), norm(w) * norm(at.tangent) + norm(at.pulled) * norm(v), "the adjoint of the tangent");
  equal(inner(u, at.second), inner(v, other.second), norm(u) * norm(at.second) + norm(v) * norm(other.second), "the symmetry of the Hessian");
}

}  // namespace

int main() {
  const std::vector<fuzz::NamedInput> tapes = fuzz::readFolder(AB_DERIVATIVES);
  expect(tapes.size() >= 50, "there are tapes; npm run fuzz:corpus writes them");
  for (const fuzz::NamedInput& tape : tapes) {
    const Program program(tape);
    expect(program.holds(), program.name() + " has results for its inputs");
    if (program.holds()) derivatives(program);
  }
  return finish();
}
