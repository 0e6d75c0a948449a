// `tune logs`: what a trial printed, attempt by attempt, from the database; with -f also what the running attempt
// prints while it does, from the file that its worker keeps (core/runtime/output_file.h).

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <thread>

#include "core/runtime/output_file.h"
#include "core/text.h"
#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

using OutputRow = Reader::OutputRow;

// Soon enough for a person, rare enough for the machine. The file system's own notices do not cross a network.
constexpr std::chrono::milliseconds kLookEvery{100};

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_gap(std::uint64_t bytes) { fmt::print("\n--- {} left out\n", format_size(bytes)); }

/// Prints what is kept of an attempt's output from byte `from` on.
void print_rest(const OutputRow& row, std::uint64_t from) {
  if (from < row.head.size()) {
    print(std::string_view(row.head).substr(from));
    from = row.head.size();
  }
  const std::uint64_t tail_begins = row.bytes - row.tail.size();
  if (from < tail_begins) {
    print_gap(tail_begins - from);
    from = tail_begins;
  }
  print(std::string_view(row.tail).substr(std::min<std::uint64_t>(from - tail_begins, row.tail.size())));
}

class Follower {
 public:
  Follower(const Reader& reader, const Common& common, ExperimentRow row, TrialId trial)
      : reader_(reader), row_(std::move(row)), trial_(trial), attempts_dir_(attempts_dir(common.db)) {}

  /// Prints what is new; false when nothing will follow.
  Result<bool> look() {
    const bool held = reader_.holder(row_.id) != 0;  // asked first: what it stores before it leaves is seen below
    auto trial = reader_.trial(row_.id, trial_);
    if (!trial) return pass_on(std::move(trial));
    auto output = reader_.output(row_.id, trial_);
    if (!output) return pass_on(std::move(output));
    for (const OutputRow& attempt : *output) {
      if (!done_.insert(attempt.attempt).second) continue;
      if (attempt.bytes > 0) {
        turn_to(attempt.attempt);
        print_rest(attempt, printed_);
      }
    }
    const bool over = trial->status == "completed" || trial->status == "stopped" || trial->status == "failed";
    if (!over && !done_.contains(trial->attempt)) print_file(trial->attempt);
    std::fflush(stdout);
    return held && !over;
  }

  bool printed_anything() const { return attempt_ != 0; }

 private:
  void turn_to(std::int64_t attempt) {
    if (attempt == attempt_) return;
    if (attempt > 1 || attempt_ != 0) fmt::print("--- attempt {}\n", attempt);
    attempt_ = attempt;
    printed_ = 0;
  }

  void print_file(std::int64_t attempt) {
    const std::string path =
        output_file_path(attempts_dir_, trial_name(row_.name, trial_), Attempt{static_cast<std::int32_t>(attempt)});
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || info.st_size == 0) return;
    turn_to(attempt);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > printed_ + OutputFile::kWindow) {
      print_gap(size - OutputFile::kWindow - printed_);
      printed_ = size - OutputFile::kWindow;
    }
    std::string block(64u << 10, '\0');
    for (;;) {
      const ssize_t got = ::pread(file.get(), block.data(), block.size(), static_cast<off_t>(printed_));
      if (got <= 0) return;
      print(std::string_view(block).substr(0, static_cast<std::size_t>(got)));
      printed_ += static_cast<std::uint64_t>(got);
    }
  }

  const Reader& reader_;
  const ExperimentRow row_;
  const TrialId trial_;
  const std::string attempts_dir_;
  std::set<std::int64_t> done_;  // attempts whose output has come out of the database
  std::int64_t attempt_ = 0;     // that is being printed
  std::uint64_t printed_ = 0;    // bytes of it
};

}  // namespace

int logs(const std::string& trial, bool follow, const Common& common) {
  auto id = parse_trial(trial);
  if (!id) return report(id.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(id->first);
  if (!row) return report(row.error());

  Follower follower(**reader, common, *row, id->second);
  for (;;) {
    auto more = follower.look();
    if (!more) return report(more.error());
    if (!follow || !*more) break;
    std::this_thread::sleep_for(kLookEvery);
  }
  if (!follower.printed_anything()) tell(stderr, "trial {} printed nothing\n", trial);
  return kOk;
}

}  // namespace tune::cli
