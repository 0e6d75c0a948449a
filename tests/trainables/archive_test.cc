#include "trainables/command/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/trainables/scratch_directory.h"

namespace tune {
namespace {

namespace fs = std::filesystem;
using tune::testing::ScratchDirectory;

const std::string kLongName(150, 'n');

void fill(const ScratchDirectory& dir) {
  dir.write("model.bin", std::string(1000, '\1') + '\0' + "end");
  dir.write("empty", "");
  dir.write("exact", std::string(512, 'e'));
  dir.write("deep/er/" + kLongName + "/" + kLongName, "long");
  fs::create_directory(dir / "nothing");
  fs::create_symlink("model.bin", dir / "latest");
  chmod((dir / "empty").c_str(), 0600);
}

TEST(Archive, GivesBackTheDirectory) {
  ScratchDirectory from, to;
  fill(from);

  const auto bytes = pack_directory(from.path());
  ASSERT_TRUE(bytes);
  ASSERT_TRUE(unpack_directory(*bytes, to.path()));

  EXPECT_EQ(to.read("model.bin"), from.read("model.bin"));
  EXPECT_EQ(to.read("exact"), std::string(512, 'e'));
  EXPECT_EQ(to.read("deep/er/" + kLongName + "/" + kLongName), "long");
  EXPECT_TRUE(fs::is_directory(to / "nothing"));
  EXPECT_EQ(fs::read_symlink(to / "latest"), "model.bin");
  EXPECT_EQ(fs::status(to / "empty").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(pack_directory(to.path()).value(), *bytes);
}

TEST(Archive, IsEqualForEqualDirectories) {
  ScratchDirectory one, two;
  one.write("a", "1");
  one.write("b", "2");
  two.write("b", "2");
  two.write("a", "1");
  fs::last_write_time(two / "a", fs::file_time_type::clock::now() - std::chrono::hours(5));

  EXPECT_EQ(pack_directory(one.path()).value(), pack_directory(two.path()).value());
}

TEST(Archive, OpensWithTar) {
  ScratchDirectory from, to;
  fill(from);
  to.write("it.tar", pack_directory(from.path(), {.only = {}, .more = {{"more", "content"}}}).value());

  ASSERT_EQ(std::system(("tar -x -f " + to.path() + "/it.tar -C " + to.path()).c_str()), 0);

  EXPECT_EQ(to.read("model.bin"), from.read("model.bin"));
  EXPECT_EQ(to.read("deep/er/" + kLongName + "/" + kLongName), "long");
  EXPECT_EQ(to.read("more"), "content");
}

TEST(Archive, TakesOneNameOnly) {
  ScratchDirectory from, to;
  fill(from);
  from.write("deep.er", "beside");

  ASSERT_TRUE(unpack_directory(pack_directory(from.path(), {.only = {"deep"}, .more = {}}).value(), to.path()));

  EXPECT_EQ(to.read("deep/er/" + kLongName + "/" + kLongName), "long");
  EXPECT_EQ(std::distance(fs::directory_iterator(to.path()), {}), 1);
  EXPECT_EQ(pack_directory(from.path(), {.only = {"no"}, .more = {}}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(pack_directory(from.path(), {.only = {"../x"}, .more = {}}).error().code, ErrorCode::kNotFound);
}

TEST(Archive, RefusesNamesThatLeaveTheDirectory) {
  ScratchDirectory from, to;
  fs::create_directory(to / "inner");

  for (const std::string name : {"../out", "/tmp/tune-archive-out", "a/../../out"}) {
    const auto result =
        unpack_directory(pack_directory(from.path(), {.only = {}, .more = {{name, "x"}}}).value(), to / "inner");
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, ErrorCode::kDamaged);
  }
  EXPECT_FALSE(fs::exists(to / "out"));
}

TEST(Archive, SaysOfANameThatItLeadsElsewhere) {
  ScratchDirectory dir;
  dir.write("model.bin", "x");
  for (const std::string name : {"../model.bin", "/etc/passwd", "a/../../b"}) {
    const auto bytes = pack_directory(dir.path(), {.only = {name}, .more = {}});
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().message, "'" + name + "' is no name in " + dir.path());
  }
}

TEST(Archive, RefusesAFileThatIsTooLargeWithoutReadingIt) {
  ScratchDirectory dir;
  dir.write("sparse", "x");
  fs::resize_file(dir / "sparse", std::uintmax_t{1} << 40);
  const auto bytes = pack_directory(dir.path());
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, ::testing::HasSubstr("is larger than 8 GiB"));
}

TEST(Archive, NoticesDamageAtEveryLength) {
  ScratchDirectory from;
  from.write("a", std::string(700, 'a'));
  const std::string bytes = pack_directory(from.path()).value();

  for (std::size_t size = 0; size < bytes.size() - 1024; size += 100) {
    ScratchDirectory to;
    EXPECT_FALSE(unpack_directory(std::string_view(bytes).substr(0, size), to.path())) << size;
  }
  ScratchDirectory to;
  EXPECT_FALSE(unpack_directory(std::string(2048, 'x'), to.path()));
}

TEST(Archive, SaysWhatCannotBeRead) {
  const auto bytes = pack_directory("/no/such/directory");

  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, ::testing::HasSubstr("/no/such/directory"));
}

}  // namespace
}  // namespace tune
