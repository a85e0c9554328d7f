#include "report.h"

#include <cstdio>

#include "cpu/isa.h"

namespace ab::lab {

void printMachine(const Machine& m) {
  std::printf("rungs on %s, the product's kernels on %s\n", m.vectors.c_str(), isaName());
  std::printf("peak %.1f GFLOP/s on 1 thread, %.1f on %d; copy %.1f and %.1f GB/s\n", m.fmaGflops[0], m.fmaGflops[1], m.threads,
              m.copyGBs[0], m.copyGBs[1]);
  std::printf("one core, per ns: %.2f vector multiply-adds, %.2f loads, %.2f broadcasts, %.2f of both, %.2f stores, %.2f scalar stores\n",
              m.fmas(1) * 1e-9, m.loads * 1e-9, m.broadcasts * 1e-9, m.mixed * 1e-9, m.stores * 1e-9, m.scalarStores * 1e-9);
  std::printf("a multiply-add waits %.2f ns for the one before, %.2f ns through memory\n", m.latency * 1e9, m.throughMemory * 1e9);
  std::printf("reads:");
  for (const Level& level : m.levels) std::printf("  %s %.0f GB/s", level.name, level.readGBs);
  std::printf("\n");
}

void printRows(const std::vector<Row>& rows) {
  if (rows.empty()) return;
  std::printf("\n%s %s, %.3g MFLOP\n", rows[0].ladder.c_str(), rows[0].shape.c_str(), rows[0].flops * 1e-6);
  std::printf("  %-20s %7s %11s %15s %9s %8s   %-22s %s\n", "rung", "threads", "median ms", "(fastest)", "GFLOP/s", "of peak",
              "bound (by)", "idea");
  for (const Row& row : rows)
    std::printf("  %-20s %7d %11.4f %15.4f %9.1f %8.2f   %.2f %-17s %s\n", row.rung.c_str(), row.threads, row.median * 1e3,
                row.fastest * 1e3, row.gflops(), row.share(), row.boundShare(), row.boundBy.c_str(), row.idea.c_str());
  std::fflush(stdout);
}

// Names are ASCII without quotes or backslashes.
void writeJson(std::ostream& out, const Machine& m, const std::vector<Row>& rows) {
  const auto field = [&out](const char* name, double value, const char* end = ", ") { out << '"' << name << "\": " << value << end; };
  const auto text = [&out](const char* name, const std::string& value) { out << '"' << name << "\": \"" << value << "\", "; };
  out.precision(6);
  out << "{\n  \"machine\": { ";
  text("rungs", m.vectors);
  text("product", isaName());
  field("threads", m.threads);
  field("fmaGflops1", m.fmaGflops[0]);
  field("fmaGflops", m.fmaGflops[1]);
  field("copyGBs1", m.copyGBs[0]);
  field("copyGBs", m.copyGBs[1]);
  field("loadsPerNs", m.loads * 1e-9);
  field("broadcastsPerNs", m.broadcasts * 1e-9);
  field("storesPerNs", m.stores * 1e-9);
  field("scalarStoresPerNs", m.scalarStores * 1e-9);
  field("mixedPerNs", m.mixed * 1e-9);
  field("latencyNs", m.latency * 1e9);
  field("throughMemoryNs", m.throughMemory * 1e9);
  out << "\"readGBs\": { ";
  for (const Level& level : m.levels) field(level.name, level.readGBs, &level == &m.levels[3] ? " } },\n" : ", ");
  out << "  \"rows\": [";
  for (size_t i = 0; i < rows.size(); i++) {
    const Row& row = rows[i];
    out << (i == 0 ? "\n" : ",\n") << "    { ";
    text("ladder", row.ladder);
    text("shape", row.shape);
    text("rung", row.rung);
    text("idea", row.idea);
    field("threads", row.threads);
    field("ms", row.median * 1e3);
    field("fastestMs", row.fastest * 1e3);
    field("slowestMs", row.slowest * 1e3);
    field("samples", row.samples);
    field("gflops", row.gflops());
    field("shareOfPeak", row.share());
    field("peakGflops", row.peakGflops);
    out << "\"bound\": { ";
    field("ms", row.bound * 1e3);
    field("gflops", row.flops / row.bound * 1e-9);
    field("shareOfPeak", row.boundShare());
    out << "\"by\": \"" << row.boundBy << "\" } }";
  }
  out << "\n  ]\n}\n";
}

}  // namespace ab::lab
