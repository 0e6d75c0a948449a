#include "trainables/command/checkpoint_directory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "core/json.h"
#include "trainables/command/archive.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateName = ".tune-state.json";

/// What was held back, and of a program with which parameters.
Result<std::pair<HeldBack, Value>> parse_state(const std::string& text) {
  const auto state = parse_json(text);
  const Value* reports = state ? state->find("reports") : nullptr;
  const Value* ended = state ? state->find("ended") : nullptr;
  if (reports == nullptr || !reports->is_list() || ended == nullptr || !ended->is_bool()) {
    return fail(ErrorCode::kDamaged, "the checkpoint's " + std::string(kStateName) + " cannot be read");
  }
  const Value* config = state->find("config");
  const Value* exact = state->find("state");
  HeldBack held_back{{}, ended->boolean(), exact != nullptr && exact->is_text() ? exact->text() : ""};
  for (const Value& value : reports->list()) {
    auto report = read_json_report(to_json(value), {});
    if (!report) return pass_on(std::move(report));
    if (*report) held_back.reports.push_back(**std::move(report));
  }
  return std::pair(std::move(held_back), config != nullptr ? *config : Value());
}

std::string state_text(const HeldBack& held_back, const std::string& config) {
  List reports;
  for (const ProgramReport& report : held_back.reports) {
    if (auto value = parse_json(program_report_to_json(report))) reports.push_back(*std::move(value));
  }
  Map state{{"ended", held_back.ended}, {"config", config}, {"reports", Value(std::move(reports))}};
  if (!held_back.state.empty()) state.emplace_back("state", held_back.state);
  return to_json(Value(std::move(state)));
}

/// A name as a report gives it: none means everything.
PackOptions all_or(const std::string& name) {
  PackOptions options;
  if (!name.empty()) options.only.push_back(name);
  return options;
}

std::size_t fingerprint(const std::string& bytes) { return std::hash<std::string>()(bytes); }

}  // namespace

Result<void> CheckpointDirectory::make(std::string path) {
  path_ = std::move(path);
  std::error_code error;
  fs::remove_all(path_, error);
  fs::create_directories(path_, error);
  if (error) return fail(ErrorCode::kIo, "cannot make " + path_ + ": " + error.message());
  return {};
}

Result<HeldBack> CheckpointDirectory::restore(std::string_view bytes, const std::string& config) {
  if (auto unpacked = unpack_directory(bytes, path_); !unpacked) return pass_on(std::move(unpacked));
  HeldBack held_back;
  const std::string state_file = path_ + "/" + kStateName;
  if (std::ifstream in(state_file, std::ios::binary); in) {
    auto state = parse_state(std::string((std::istreambuf_iterator<char>(in)), {}));
    if (!state) return pass_on(std::move(state));
    std::error_code ignored;
    fs::remove(state_file, ignored);
    if (state->second.is_null() || state->second == Value(config)) {
      held_back = std::move(state->first);
    } else if (auto kept = keep_only(state->first.state); !kept) {
      return pass_on(std::move(kept));
    }
  }
  remember();
  return held_back;
}

Result<void> CheckpointDirectory::keep_only(const std::string& name) {
  if (name.empty()) return {};
  const auto bytes = pack_directory(path_, all_or(name));
  if (!bytes) return fail(ErrorCode::kDamaged, "the checkpoint lacks '" + name + "'");
  if (auto made = make(path_); !made) return made;
  return unpack_directory(*bytes, path_);
}

bool CheckpointDirectory::has_all_of(const std::vector<ProgramReport>& reports) const {
  return std::ranges::all_of(reports, [&](const ProgramReport& report) {
    std::error_code ignored;
    return !report.checkpoint || fs::exists(fs::path(path_) / *report.checkpoint, ignored);
  });
}

Result<std::string> CheckpointDirectory::capture(const std::string& only) {
  if (only.empty() && is_empty())
    return fail(ErrorCode::kNotFound, "a checkpoint was announced, but " + path_ + " is empty");
  auto bytes = pack_directory(path_, all_or(only));
  if (bytes && only.empty()) stored_ = fingerprint(*bytes);
  if (bytes && !only.empty()) named_ = fingerprint(*bytes);
  return bytes;
}

bool CheckpointDirectory::holds_still(const std::string& name) const {
  const auto bytes = pack_directory(path_, all_or(name));
  return !bytes || fingerprint(*bytes) == named_;
}

Result<std::string> CheckpointDirectory::capture_with(const std::string& only, const HeldBack& held_back,
                                                      const std::string& config) const {
  PackOptions options = all_or(only);
  // Those that reports before it name go with it, as far as they are there: they are given them when it goes on.
  for (const ProgramReport& report : held_back.reports) {
    const std::string name = report.checkpoint.value_or("");
    std::error_code ignored;
    const bool adds = !only.empty() && !name.empty() && fs::exists(fs::path(path_) / name, ignored);
    if (adds && std::ranges::find(options.only, name) == options.only.end()) options.only.push_back(name);
  }
  options.more.emplace_back(kStateName, state_text(held_back, config));
  return pack_directory(path_, options);
}

void CheckpointDirectory::remember() {
  const auto bytes = pack_directory(path_);
  stored_.reset();
  if (bytes) stored_ = fingerprint(*bytes);
}

Result<std::optional<std::string>> CheckpointDirectory::save_with(const HeldBack& held_back,
                                                                  const std::string& config) const {
  PackOptions options;
  if (held_back.ended || !held_back.reports.empty() || !held_back.state.empty())
    options.more.emplace_back(kStateName, state_text(held_back, config));
  if (!held_back.ended) {
    if (is_empty()) return std::nullopt;
    auto bytes = pack_directory(path_);
    if (!bytes && !stored_) return std::nullopt;
    const bool tells_more = !held_back.state.empty() && !held_back.reports.empty();
    if (bytes && fingerprint(*bytes) == stored_ && !tells_more) return std::nullopt;
    if (!bytes || options.more.empty()) return bytes;
  }
  return pack_directory(path_, options);
}

bool CheckpointDirectory::is_empty() const {
  std::error_code ignored;
  return fs::is_empty(path_, ignored);
}

}  // namespace tune
