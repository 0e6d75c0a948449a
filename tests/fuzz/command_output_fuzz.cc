// What any program prints: cut into lines, read as JSON reports and as pairs; and a checkpoint that it has left, as the
// archive which is stored. A report that is written down again reads back equal.

#include <filesystem>

#include "core/json.h"
#include "tests/fuzz/fuzz.h"
#include "trainables/command/archive.h"
#include "trainables/command/command_spec.h"
#include "trainables/command/line_splitter.h"
#include "trainables/command/program_report.h"

namespace tune::fuzz {
namespace {

void read_back(const Result<std::optional<ProgramReport>>& report) {
  if (!report || !*report) return;
  const std::string json = program_report_to_json(**report);
  const auto again = read_json_report(json, {});
  require(again && *again, "a report that was held back is a report");
  require(program_report_to_json(**again) == json, "and the same one");
}

void read_line(std::string_view line) {
  read_back(read_json_report(line, {}));
  (void)read_json_report(line, {"loss"});
  read_back(read_pairs_report(line, {}));
  (void)parse_command_spec(line);
  if (const auto value = parse_json(line)) {
    const auto again = parse_json(to_json(*value));
    require(again && to_json(*again) == to_json(*value), "JSON that was written reads back equal");
  }
}

/// One for all inputs, gone at the end.
struct Folder {
  Folder() : path(std::filesystem::exists("/dev/shm") ? "/dev/shm/tune-fuzz-XXXXXX" : "tune-fuzz-XXXXXX") {
    require(::mkdtemp(path.data()) != nullptr, "a folder can be made");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

/// An archive from anywhere writes below its own directory or not at all.
void unpack(std::string_view bytes) {
  static const Folder kFolder;
  const std::string inside = kFolder.path + "/inside";
  std::filesystem::create_directory(inside);
  (void)unpack_directory(bytes, inside);
  for (const auto& entry : std::filesystem::directory_iterator(kFolder.path)) {
    require(entry.path().filename() == "inside", "nothing is written outside");
  }
  std::error_code ignored;
  std::filesystem::permissions(inside, std::filesystem::perms::owner_all, ignored);
  std::filesystem::remove_all(inside);
}

}  // namespace
}  // namespace tune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = tune::fuzz::text_of(data, size);
  if (bytes.starts_with("tar:")) {
    tune::fuzz::unpack(bytes.substr(4));
    return 0;
  }
  tune::LineSplitter lines([](std::string_view line) { tune::fuzz::read_line(line); }, [](std::uint64_t) {});
  lines.feed(bytes.substr(0, size / 2));
  lines.feed(bytes.substr(size / 2));
  lines.finish();
  return 0;
}
