// The file of large checkpoints when its disk lets it down, at every operation: what was said to be stored is there
// whole, also what was stored before, and what was not may be written again.

#include <gtest/gtest.h>

#include <fstream>

#include "experiments/store/blob_file.h"
#include "tests/experiments/store/fault_vfs.h"
#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::FaultVfs;
using test::Folder;
using test::must;

constexpr ExperimentId kOne{1};
const std::string kBefore(100'000, 'b');
const std::string kFirst(BlobFile::kChunk, 'x'), kRest(300'000, 'y');  // a blob of two chunks

/// Two transactions, as the channel makes them.
bool write_two_chunks(BlobFile& file) {
  if (!file.write({{2, 0, kFirst}}, {})) return false;
  return file.write({{2, 1, kRest}}, BlobFile::Finished{2, kFirst.size() + kRest.size(), "hash"}).has_value();
}

std::string read_all(const BlobFile& file, std::int64_t key) {
  std::string all;
  while (true) {
    const auto part = const_cast<BlobFile&>(file).read(key, all.size());
    if (!part || part->empty()) return all;
    all += *part;
  }
}

BlobFile with_one(const Folder& folder, const FaultVfs& vfs) {
  BlobFile file = must(BlobFile::open(folder.file("c"), kOne, true, vfs.name()));
  must(file.write({{1, 0, kBefore}}, BlobFile::Finished{1, kBefore.size(), "hash"}));
  return file;
}

/// Opened again by a program whose disk is well.
void expect_sound(const std::string& path, bool is_stored) {
  BlobFile file = must(BlobFile::open(path, kOne, true, {}));
  EXPECT_EQ(read_all(file, 1), kBefore);
  if (is_stored) {
    EXPECT_EQ(read_all(file, 2), kFirst + kRest);
  }
  EXPECT_TRUE(file.sweep({1}));  // what no row names goes, as at every start
  EXPECT_TRUE(write_two_chunks(file));
  EXPECT_EQ(read_all(file, 2), kFirst + kRest);
  EXPECT_EQ(test::query(path, "PRAGMA integrity_check"), "ok");
}

class CheckpointFaults : public ::testing::TestWithParam<int> {};

TEST_P(CheckpointFaults, AtEveryOperationLeaveWhatWasStored) {
  for (const bool lasting : {false, true}) {
    for (std::int64_t n = 1;; ++n) {
      SCOPED_TRACE(testing::Message() << "operation " << n << (lasting ? " and all after it" : ""));
      FaultVfs vfs("tune-checkpoints");
      const Folder folder;
      bool is_stored = false, over = false;
      {
        BlobFile file = with_one(folder, vfs);
        vfs.fail(n, FaultVfs::kAll, GetParam(), lasting);
        is_stored = write_two_chunks(file);
        over = !vfs.has_failed();
      }
      vfs.heal();
      EXPECT_TRUE(is_stored || !over);
      expect_sound(folder.file("c"), is_stored);
      if (HasFailure()) return;
      if (over) break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, CheckpointFaults, testing::Values(SQLITE_IOERR, SQLITE_FULL, FaultVfs::kShortWrite),
                         [](const auto& info) {
                           if (info.param == FaultVfs::kShortWrite) return std::string("ShortWrite");
                           return info.param == SQLITE_FULL ? std::string("FullDisk") : std::string("BrokenDisk");
                         });

TEST(CheckpointPowerLoss, AtEveryOperationLeavesWhatWasStored) {
  for (std::int64_t n = 1;; ++n) {
    SCOPED_TRACE(testing::Message() << "operation " << n);
    FaultVfs vfs("tune-checkpoints");
    const Folder folder;
    BlobFile file = with_one(folder, vfs);
    vfs.fail(n, FaultVfs::kAll, SQLITE_IOERR, true);
    const bool is_stored = write_two_chunks(file);
    const bool over = !vfs.has_failed();
    for (const std::uint64_t seed :
         {std::uint64_t{0}, static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(n + 1000)}) {
      const Folder after;
      for (const char* name : {"c", "c-journal"}) {
        std::ofstream(after.file(name), std::ios::binary) << vfs.after_power_loss(folder.file(name), seed);
      }
      expect_sound(after.file("c"), is_stored);
    }
    if (HasFailure() || over) return;
  }
}

}  // namespace
}  // namespace tune
