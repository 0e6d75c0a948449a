// Which program becomes the fork server.

#include "core/runtime/host_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/runtime/elf.h"

namespace tune {
namespace {

using ::testing::HasSubstr;

WorkerOptions options_for(const std::string& library) {
  WorkerOptions options;
  options.host_program = "/opt/tune-host";
  options.trainable.kind = TrainableRef::Kind::kLibrary;
  options.trainable.library = library;
  return options;
}

/// A program with something written behind its end.
class MarkedProgram {
 public:
  explicit MarkedProgram(const std::string& mark) : path_("/dev/shm/tune-marked-" + std::to_string(::getpid())) {
    std::filesystem::copy_file("/bin/true", path_, std::filesystem::copy_options::overwrite_existing);
    std::ofstream(path_, std::ios::binary | std::ios::app) << mark << '\0';
  }
  ~MarkedProgram() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(HostCommand, IsTuneHostForWhatIsNoProgram) {
  const auto command = host_command(options_for("/nowhere/libmine.so"));
  ASSERT_TRUE(command);
  EXPECT_EQ(command->arguments, std::vector<std::string>{"/opt/tune-host"});
}

TEST(HostCommand, IsTheProgramThatMarksItself) {
  const MarkedProgram program(std::string(kProgramMark) + kProgramInterface + ":0.1.0");
  const auto command = host_command(options_for(program.path()));
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_EQ(command->arguments, (std::vector<std::string>{program.path(), kHostArgument}));
}

TEST(HostCommand, RefusesAProgramThatRunsNoTrials) {
  const auto command = host_command(options_for("/bin/true"));
  ASSERT_FALSE(command);
  EXPECT_THAT(command.error().message, HasSubstr("/bin/true is a program"));
  EXPECT_THAT(command.error().hint, HasSubstr("tune::init"));
}

TEST(HostCommand, RefusesAProgramOfAnotherInterfaceByNameAndVersion) {
  const MarkedProgram program(std::string(kProgramMark) + "9:7.5.0");
  const auto command = host_command(options_for(program.path()));
  ASSERT_FALSE(command);
  EXPECT_THAT(command.error().message,
              ::testing::AllOf(HasSubstr(program.path()), HasSubstr("tune 7.5.0"), HasSubstr("interface 9")));
}

TEST(Elf, TellsProgramsFromLibrariesAndWhatTheyNeed) {
  const auto program = read_elf("/proc/self/exe");
  ASSERT_TRUE(program);
  EXPECT_TRUE(program->is_program);
  EXPECT_THAT(program->needed, ::testing::Contains(::testing::StartsWith("libc.so")));
  EXPECT_FALSE(read_elf("/etc/passwd"));
  EXPECT_FALSE(read_elf("/nowhere"));
}

}  // namespace
}  // namespace tune
