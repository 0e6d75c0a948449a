// Commands that take something out of a stored experiment: checkpoint, replay.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/examine.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

/// A file that appears whole or not at all: written beside its place, synced, renamed.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".part"), file_(std::fopen(temporary_.c_str(), "wb")) {}
  ~NewFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  bool is_open() const { return file_ != nullptr; }
  Result<void> write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return {};
    return failed();
  }
  Result<void> keep() {
    const bool synced = std::fflush(file_) == 0 && fsync(fileno(file_)) == 0;
    std::fclose(file_);
    file_ = nullptr;
    if (synced && std::rename(temporary_.c_str(), path_.c_str()) == 0) return {};
    std::remove(temporary_.c_str());
    return failed();
  }

 private:
  tl::unexpected<Error> failed() const {
    return fail(ErrorCode::kIo, fmt::format("cannot write {}: {}", path_, std::system_category().message(errno)));
  }
  std::string path_, temporary_;
  std::FILE* file_;
};

}  // namespace

int checkpoint(const std::string& trial, const std::string& output, const std::optional<std::int64_t>& step,
               const Common& common) {
  auto id = parse_trial(trial);
  if (!id) return report(id.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(id->first);
  if (!row) return report(row.error());
  if (auto known = (*reader)->trial(row->id, id->second); !known) return report(known.error());
  // A run that goes on may release the chosen checkpoint before it is read: then there is a newer one.
  for (int looks = 1;; ++looks) {
    auto checkpoints = (*reader)->checkpoints(row->id, id->second);
    if (!checkpoints) return report(checkpoints.error());

    const CheckpointRow* chosen = nullptr;
    std::string steps;
    for (const CheckpointRow& candidate : *checkpoints) {
      if (candidate.released) continue;
      steps += (steps.empty() ? "" : ", ") + std::to_string(candidate.step);
      if (!step || candidate.step == *step) chosen = &candidate;
    }
    if (chosen == nullptr) {
      return report({ErrorCode::kNotFound,
                     steps.empty() ? fmt::format("trial {} has no checkpoint", trial)
                                   : fmt::format("trial {} has no checkpoint of iteration {}; it has {}", trial,
                                                 step.value_or(0), steps),
                     steps.empty() ? "checkpoint: {every: 1} keeps some" : ""});
    }
    NewFile file(output);
    if (!file.is_open()) {
      return report({ErrorCode::kIo, fmt::format("cannot write {}: {}", output, std::system_category().message(errno)), {}});
    }
    auto written = (*reader)->checkpoint_bytes(row->id, chosen->id, [&](std::string_view part) { return file.write(part); });
    if (written) written = file.keep();
    if (!written && written.error().code == ErrorCode::kNotFound && !step && looks < 20) continue;
    if (!written) return report(written.error());
    tell(stderr, "{}: {} bytes, iteration {}, sha256 {}\n", output, chosen->size, chosen->step, chosen->sha256);
    return kOk;
  }
}

int replay(const std::string& experiment, const Common& common) {
  auto name = pick_experiment(common.db, experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(*name);
  if (!row) return report(row.error());

  auto examined = examine_log(**reader, *row, reader_context({}));
  if (!examined) return report(examined.error());
  fmt::print("{}: {}{}\n", *name, examined->text(),
             examined->good() ? fmt::format("; {} events, hash chain intact", row->last_event) : "");
  if (!examined->good()) return kFailed;
  if (examined->under_other_rules > 0) {
    fmt::print("{} decisions were taken under other rules ({}) and are not compared\n", examined->under_other_rules,
               examined->other_rules);
  }
  return kOk;
}

}  // namespace tune::cli
