// The kernel laboratory; `npm run bench:kernels -- --help` says what it takes.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "check.h"
#include "cpu/isa.h"
#include "measure.h"
#include "report.h"

namespace {

using namespace ab;
using namespace ab::lab;

constexpr const char* kUsage =
    "bench:kernels [options]: times the ladders of kernels, each rung checked first\n"
    "  --ladder NAME    gemm, forward, input_grad or filter_grad; may be repeated\n"
    "  --rung NAME      may be repeated\n"
    "  --shape SHAPE    instead of those of the ladder: 512 or 31x33x65 (m x n x k), or 32x32x16-3x3-32/2\n"
    "                   (image, filter, output channels, stride); may be repeated\n"
    "  --batch N        images of a convolution; 8\n"
    "  --threads N      rungs with threads run on 1 and on N; 2\n"
    "  --seconds S      for each rung and shape; 0.2\n"
    "  --json FILE      also writes the figures\n"
    "  --check          only checks\n";

struct Options {
  std::vector<std::string> ladders, rungs, shapes;
  int64_t batch = 8;
  int threads = 2;
  double seconds = 0.2;
  std::string json;
  bool check = false;

  bool wants(const std::vector<std::string>& names, const std::string& name) const {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }
};

double number(const std::string& option, const char* text, double least, double most) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= least && value <= most))
    throw std::invalid_argument(option + " expects a number from " + std::to_string(least) + " to " + std::to_string(most) + ", got " + text);
  return value;
}

Options readOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i++) {
    const std::string option = argv[i];
    if (option == "--check") {
      options.check = true;
      continue;
    }
    if (option == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    }
    if (i + 1 == argc) throw std::invalid_argument(option + ": unknown, or a value is missing");
    const char* value = argv[++i];
    if (option == "--ladder") options.ladders.push_back(value);
    else if (option == "--rung") options.rungs.push_back(value);
    else if (option == "--shape") options.shapes.push_back(value);
    else if (option == "--batch") options.batch = static_cast<int64_t>(number(option, value, 1, 4096));
    else if (option == "--threads") options.threads = static_cast<int>(number(option, value, 1, 256));
    else if (option == "--seconds") options.seconds = number(option, value, 0, 60);
    else if (option == "--json") options.json = value;
    else throw std::invalid_argument(option + ": unknown");
  }
  return options;
}

Gemm readShape(const Ladder<Gemm>&, const std::string& text, int64_t) { return readGemm(text); }
ConvShape readShape(const Ladder<ConvShape>&, const std::string& text, int64_t batch) { return readConv(text, batch); }

class Laboratory {
 public:
  explicit Laboratory(const Options& options) : options_(options) {
    if (!options.check) machine_ = measureMachine(options.threads);
  }

  template <class Shape>
  void visit(const Ladder<Shape>& ladder) {
    if (!options_.wants(options_.ladders, ladder.name)) return;
    std::vector<const Rung<Shape>*> rungs;
    for (const Rung<Shape>* rung : ladder.rungs)
      if (options_.wants(options_.rungs, rung->name)) rungs.push_back(rung);
    std::vector<const Rung<Shape>*> right;
    for (const Rung<Shape>* rung : rungs) {
      found_ = true;
      if (checkRung(ladder, *rung)) right.push_back(rung);
    }
    if (options_.check) return;
    for (const Shape& shape : shapesOf(ladder)) {
      const std::vector<Row> rows = timeShape(ladder, right, shape, machine_, options_.seconds);
      printRows(rows);
      rows_.insert(rows_.end(), rows.begin(), rows.end());
    }
  }

  // The exit code.
  int finish() {
    if (!found_) throw std::invalid_argument("no ladder has such a rung");
    if (!options_.json.empty()) {
      std::ofstream file(options_.json);
      writeJson(file, machine_, rows_);
      if (!file.flush()) throw std::runtime_error("cannot write " + options_.json);
    }
    return test::finish();
  }

  const Machine& machine() const { return machine_; }

 private:
  template <class Shape>
  std::vector<Shape> shapesOf(const Ladder<Shape>& ladder) const {
    if (options_.shapes.empty()) return ladder.timed;
    std::vector<Shape> shapes;
    for (const std::string& text : options_.shapes) {
      // A product has no dash, a convolution has.
      if ((text.find('-') == std::string::npos) != std::is_same_v<Shape, Gemm>) continue;
      try {
        shapes.push_back(readShape(ladder, text, options_.batch));
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("--shape " + text + ": " + error.what());
      }
    }
    return shapes;
  }

  const Options& options_;
  Machine machine_;
  std::vector<Row> rows_;
  bool found_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = readOptions(argc, argv);
    Laboratory laboratory(options);
    if (!options.check) printMachine(laboratory.machine());
    laboratory.visit(gemmLadder());
    for (const Ladder<ConvShape>& ladder : convLadders(options.batch)) laboratory.visit(ladder);
    return laboratory.finish();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench:kernels: %s\n\n%s", error.what(), kUsage);
    return 2;
  }
}
