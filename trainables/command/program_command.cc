#include "trainables/command/program_command.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace tune {
namespace {

/// PATH with the folder of this program at its end, so that `tune report` is found wherever tune is installed.
std::string path_with_tune() {
  const char* path = std::getenv("PATH");
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string all = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  return error ? all : all + ":" + self.parent_path().string();
}

}  // namespace

Result<ProgramCommand> program_command(const CommandSpec& spec, const TrialFacts& facts, EnvironmentList environment) {
  ProgramCommand command;
  command.working_dir = spec.working_dir;
  command.is_shell = spec.shell;
  EnvironmentList& env = command.environment;
  env = std::move(environment);
  // Python holds back what it prints to a pipe; a report that comes at the end decides nothing.
  if (std::getenv("PYTHONUNBUFFERED") == nullptr) env.emplace_back("PYTHONUNBUFFERED", "1");
  env.emplace_back("TUNE_TRIAL_ID", facts.trial_id);
  env.emplace_back("TUNE_TRIAL_DIR", facts.trial_dir);
  env.emplace_back("TUNE_CHECKPOINT_DIR", facts.checkpoint_dir);
  env.emplace_back("TUNE_PARAMS_FILE", facts.params_file);
  env.emplace_back("TUNE_SEED", facts.seed);
  env.emplace_back("PATH", path_with_tune());
  for (const auto& [name, text] : spec.env) {
    auto value = expand_plain(text, facts);
    if (!value) return pass_on(std::move(value));
    env.emplace_back(name, *std::move(value));
  }
  if (spec.shell) {
    auto text = expand_shell_text(spec.command[0], facts, env);
    if (!text) return pass_on(std::move(text));
    command.arguments = {"/bin/sh", "-c", *std::move(text)};
    return command;
  }
  auto items = expand_items(spec.command, facts);
  if (!items) return pass_on(std::move(items));
  if (items->empty()) {
    return fail(ErrorCode::kTrial, "the command is empty: its only item names an inactive parameter");
  }
  command.arguments = *std::move(items);
  return command;
}

}  // namespace tune
