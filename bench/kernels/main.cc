// The kernel laboratory; `npm run bench:kernels -- --help` says what it takes.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "check.h"
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
};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool wants(const std::vector<std::string>& asked, const std::string& name) { return asked.empty() || contains(asked, name); }

void requireKnown(const char* option, const std::vector<std::string>& asked, const std::vector<std::string>& known) {
  for (const std::string& name : asked) {
    if (contains(known, name)) continue;
    std::string list;
    for (const std::string& each : known) list += (list.empty() ? "" : ", ") + each;
    throw std::invalid_argument(std::string(option) + " expects one of " + list + ", got " + name);
  }
}

double number(const std::string& option, const char* text, double least, double most) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= least && value <= most)) {
    char range[80];
    std::snprintf(range, sizeof range, " expects a number from %g to %g, got ", least, most);
    throw std::invalid_argument(option + range + text);
  }
  return value;
}

int whole(const std::string& option, const char* text, int most) {
  const double value = number(option, text, 1, most);
  if (value != static_cast<int>(value)) throw std::invalid_argument(option + " expects a whole number, got " + text);
  return static_cast<int>(value);
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
    else if (option == "--batch") options.batch = whole(option, value, 4096);
    else if (option == "--threads") options.threads = whole(option, value, 256);
    else if (option == "--seconds") options.seconds = number(option, value, 0, 60);
    else if (option == "--json") options.json = value;
    else throw std::invalid_argument(option + ": unknown");
  }
  return options;
}

// What the options ask of one ladder, understood before anything is measured.
template <class Shape>
struct Plan {
  Ladder<Shape> ladder;
  std::vector<const Rung<Shape>*> rungs;
  std::vector<Shape> shapes;
};

Gemm readShape(const Ladder<Gemm>&, const std::string& text, const Options&) { return readGemm(text); }
ConvShape readShape(const Ladder<ConvShape>&, const std::string& text, const Options& o) { return readConv(text, o.batch); }

template <class Shape>
Plan<Shape> planOf(const Ladder<Shape>& ladder, const Options& options) {
  Plan<Shape> plan{ladder, {}, {}};
  if (!wants(options.ladders, ladder.name)) return plan;
  for (const Rung<Shape>* rung : ladder.rungs)
    if (wants(options.rungs, rung->name)) plan.rungs.push_back(rung);
  for (const std::string& text : options.shapes) {
    // A product has no dash, a convolution has.
    if ((text.find('-') == std::string::npos) != std::is_same_v<Shape, Gemm>) continue;
    try {
      plan.shapes.push_back(readShape(ladder, text, options));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("--shape " + text + ": " + error.what());
    }
  }
  if (options.shapes.empty()) plan.shapes = ladder.timed;
  return plan;
}

struct Plans {
  Plan<Gemm> gemm;
  std::vector<Plan<ConvShape>> convolutions;

  explicit Plans(const Options& options) : gemm(planOf(gemmLadder(), options)) {
    for (const Ladder<ConvShape>& ladder : convLadders(options.batch)) convolutions.push_back(planOf(ladder, options));
    std::vector<std::string> ladders, rungs;
    bool any = false;
    visit([&](const auto& plan) {
      ladders.push_back(plan.ladder.name);
      any = any || (!plan.rungs.empty() && !plan.shapes.empty());
      if (!wants(options.ladders, plan.ladder.name)) return;
      for (const auto* rung : plan.ladder.rungs)
        if (!contains(rungs, rung->name)) rungs.push_back(rung->name);
    });
    requireKnown("--ladder", options.ladders, ladders);
    requireKnown("--rung", options.rungs, rungs);
    if (!any) throw std::invalid_argument("--shape: none is of a ladder that was asked for");
  }

  template <class F>
  void visit(F&& each) const {
    each(gemm);
    for (const Plan<ConvShape>& plan : convolutions) each(plan);
  }
};

// The exit code.
int measureAll(const Options& options, const Plans& plans) {
  Machine machine = measureMachine(options.threads);
  printMachine(machine);
  std::vector<Row> rows;
  plans.visit([&](const auto& plan) {
    auto right = plan.rungs;
    std::erase_if(right, [&](const auto* rung) { return !checkRung(plan.ladder, *rung); });
    if (right.empty()) return;
    for (const auto& shape : plan.shapes) {
      const std::vector<Row> more = timeShape(plan.ladder, right, shape, machine, options.seconds);
      printRows(more);
      rows.insert(rows.end(), more.begin(), more.end());
    }
  });
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    writeJson(file, machine, rows);
    if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
  }
  return test::finish();
}

int checkAll(const Plans& plans) {
  plans.visit([](const auto& plan) {
    for (const auto* rung : plan.rungs) checkRung(plan.ladder, *rung);
  });
  return test::finish();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = readOptions(argc, argv);
    const Plans plans(options);
    return options.check ? checkAll(plans) : measureAll(options, plans);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench:kernels: %s; --help lists the options\n", error.what());
    return 2;
  }
}
