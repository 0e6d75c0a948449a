#include "trainables/command/program_state.h"

namespace tune {

Result<void> ProgramState::make(std::string path, std::string config, bool exact) {
  config_ = std::move(config);
  exact_ = exact;
  return directory_.make(std::move(path));
}

Result<void> ProgramState::restore(std::string_view checkpoint) {
  auto held_back = directory_.restore(checkpoint, config_);
  if (!held_back) return pass_on(std::move(held_back));
  held_back_ = *std::move(held_back);
  return {};
}

Result<std::string> ProgramState::capture_announced(const std::string& name) {
  auto bytes = directory_.capture(name);
  if (bytes && !name.empty()) last_name_ = name;
  return bytes;
}

Result<std::string> ProgramState::capture_sent(const std::string& name) {
  auto bytes = directory_.capture(name);
  if (bytes && !name.empty()) directory_.remember();
  return bytes;
}

void ProgramState::hold_back(ProgramReport report) {
  const std::optional<std::string> name = report.checkpoint;
  held_back_.reports.push_back(std::move(report));
  if (name) keep(*name);
}

/// The state of a report that is held back, with all that is: it is handed over if the program gets no further. Where
/// chance must not be seen, not under a name of its own: the program comes there again.
void ProgramState::keep(const std::string& name) {
  const bool has_own_name = !name.empty() && name != last_name_;
  overwritten_ = overwritten_ || !has_own_name;
  if (exact_ && has_own_name) return;
  if (auto bytes = directory_.capture_with(name, held_back_, config_)) announced_late_ = *std::move(bytes);
}

Result<std::optional<std::string>> ProgramState::leave() {
  if (left_at_ && !overwritten_ && directory_.holds_still(*left_at_)) {
    held_back_.state = *left_at_;
    if (exact_ || !directory_.has_all_of(held_back_.reports)) return std::nullopt;
  }
  return directory_.save_with(held_back_, config_);
}

}  // namespace tune
