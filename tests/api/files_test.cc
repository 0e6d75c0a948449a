#include <gtest/gtest.h>
#include <tune/files.h>

#include <fstream>
#include <sstream>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string read(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::string saved_by(const std::function<void(std::ostream&)>& saver) {
  std::ostringstream out;
  saver(out);
  return out.str();
}

TEST(Files, ADirectoryComesBackAsItWas) {
  const ScratchDatabase scratch;
  const fs::path from = scratch.file("from");
  write(from / "model.bin", std::string(100000, 'x'));
  write(from / "deep/er/empty", "");
  write(from / (std::string(80, 'a') + "/" + std::string(90, 'b')), "long");
  const std::string bytes = saved_by(directory(from.string()));
  restore_directory(bytes, scratch.file("to"));
  const fs::path to = scratch.file("to");
  EXPECT_EQ(read(to / "model.bin"), std::string(100000, 'x'));
  EXPECT_TRUE(fs::exists(to / "deep/er/empty"));
  EXPECT_EQ(read(to / std::string(80, 'a') / std::string(90, 'b')), "long");
  EXPECT_EQ(saved_by(directory(to.string())), bytes);
}

TEST(Files, ATrialSavesADirectoryAndTheGridExtractsIt) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = {[](Trial& trial) {
                            const std::string state = trial.directory() + "/state";
                            write(fs::path(state) / "weights", "1 2 3");
                            trial.report({{"loss", 1.0}}, directory(state));
                          },
                          {.has_end = true, .can_save = true}};
  experiment.checkpoint = {.every = 1};
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  const auto saved = grid->checkpoint((*grid)[0]);
  ASSERT_TRUE(saved) << saved.failure().text();
  const auto extracted = saved->extract(scratch.file("out"));
  ASSERT_TRUE(extracted) << extracted.failure().text();
  EXPECT_EQ(read(scratch.file("out") + "/weights"), "1 2 3");
}

TEST(Files, AnArchiveThatLeadsOutsideIsRefused) {
  const ScratchDatabase scratch;
  const std::string bytes = tar::header("../outside", '0', 0, 0644) + std::string(1024, '\0');
  EXPECT_THROW(restore_directory(bytes, scratch.file("to")), std::runtime_error);
  EXPECT_THROW(restore_directory(std::string(600, 'x'), scratch.file("to")), std::runtime_error);
}

TEST(Files, AFileIsSavedAsItIs) {
  const ScratchDatabase scratch;
  write(scratch.file("a"), "bytes");
  restore_file(saved_by(file(scratch.file("a"))), scratch.file("b"));
  EXPECT_EQ(read(scratch.file("b")), "bytes");
  EXPECT_THROW(saved_by(file(scratch.file("missing"))), std::runtime_error);
}

}  // namespace
}  // namespace tune::testing
