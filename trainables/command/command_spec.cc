#include "trainables/command/command_spec.h"

#include "core/json.h"

namespace tune {
namespace {

Result<std::vector<std::string>> texts(const Value& value, const std::string& member) {
  std::vector<std::string> out;
  if (value.is_list()) {
    for (const Value& item : value.list()) {
      if (!item.is_text()) return fail(ErrorCode::kBadInput, "command: an item of '" + member + "' is no text");
      out.push_back(item.text());
    }
  }
  if (out.empty()) return fail(ErrorCode::kBadInput, "command: '" + member + "' must be a list of texts");
  return out;
}

Result<CommandSpec::ReportBy> report_by(const Value& value) {
  if (value == Value("stdout")) return CommandSpec::ReportBy::kStdout;
  if (value == Value("file")) return CommandSpec::ReportBy::kFile;
  if (value == Value("pairs")) return CommandSpec::ReportBy::kPairs;
  return fail(ErrorCode::kBadInput, "command: 'report' must be stdout, file or pairs");
}

}  // namespace

Result<CommandSpec> parse_command_spec(std::string_view json) {
  auto document = parse_json(json);
  if (!document) return pass_on(std::move(document));
  if (!document->is_map()) return fail(ErrorCode::kBadInput, "command: not a map");
  CommandSpec spec;
  for (const auto& [key, value] : document->map()) {
    if (key == "command" && value.is_text()) {
      spec.command = {value.text()};
      spec.shell = true;
    } else if (key == "command" || key == "objective") {
      auto items = texts(value, key);
      if (!items) return pass_on(std::move(items));
      (key == "command" ? spec.command : spec.objective) = *std::move(items);
    } else if (key == "report") {
      auto by = report_by(value);
      if (!by) return pass_on(std::move(by));
      spec.report = *by;
    } else if (key == "working_dir" && value.is_text()) {
      spec.working_dir = value.text();
    } else if (key == "exact" && value.is_bool()) {
      spec.exact = value.boolean();
    } else if (key == "env" && value.is_map()) {
      for (const auto& [name, text] : value.map()) {
        if (!text.is_text()) return fail(ErrorCode::kBadInput, "command: '" + name + "' in 'env' must be text");
        spec.env.emplace_back(name, text.text());
      }
    } else {
      return fail(ErrorCode::kBadInput, "command: '" + key + "' is unknown or of the wrong kind");
    }
  }
  if (spec.command.empty()) return fail(ErrorCode::kBadInput, "command: 'command' is missing");
  return spec;
}

}  // namespace tune
