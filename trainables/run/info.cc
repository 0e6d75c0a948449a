#include "trainables/run/info.h"

#include <utility>

#include "core/json.h"
#include "core/names.h"

namespace tune {
namespace {

using Param = TrainableInfo::Param;

constexpr auto kParamKinds = name_table<Param::Kind>({
    {Param::Kind::kAny, "any"},
    {Param::Kind::kReal, "real"},
    {Param::Kind::kInteger, "integer"},
    {Param::Kind::kText, "text"},
    {Param::Kind::kBool, "bool"},
});
constexpr auto kIsolations = name_table<Isolation>({
    {Isolation::kAuto, "auto"},
    {Isolation::kProcess, "process"},
    {Isolation::kReuse, "reuse"},
    {Isolation::kThread, "thread"},
});
constexpr auto kCodes = name_table<ErrorCode>({
    {ErrorCode::kBadInput, "bad_input"},
    {ErrorCode::kNotFound, "not_found"},
    {ErrorCode::kTrial, "trial"},
    {ErrorCode::kUnsupported, "unsupported"},
    {ErrorCode::kInternal, "internal"},
});

Param::Kind kind_of(int kind) {
  switch (kind) {
    case TUNE_REAL: return Param::Kind::kReal;
    case TUNE_INTEGER: return Param::Kind::kInteger;
    case TUNE_TEXT: return Param::Kind::kText;
    case TUNE_BOOL: return Param::Kind::kBool;
    default: return Param::Kind::kAny;
  }
}

Isolation isolation_of(int isolation) {
  switch (isolation) {
    case TUNE_REUSE: return Isolation::kReuse;
    case TUNE_THREAD: return Isolation::kThread;
    default: return Isolation::kProcess;
  }
}

std::string text_of(const Value& map, std::string_view key) {
  const Value* value = map.find(key);
  return value != nullptr && value->is_text() ? value->text() : std::string();
}

bool bool_of(const Value& map, std::string_view key) {
  const Value* value = map.find(key);
  return value != nullptr && value->is_bool() && value->boolean();
}

const List& list_of(const Value& map, std::string_view key) {
  static const List kNone;
  const Value* value = map.find(key);
  return value != nullptr && value->is_list() ? value->list() : kNone;
}

}  // namespace

TrainableInfo info_of(const tune_trainable& table) {
  TrainableInfo info;
  info.name = table.name;
  for (std::size_t i = 0; i < table.parameter_count; ++i) {
    const tune_parameter& parameter = table.parameters[i];
    info.parameters.push_back({parameter.name, parameter.required != 0, kind_of(parameter.kind)});
  }
  for (std::size_t i = 0; i < table.metric_count; ++i) info.metrics.emplace_back(table.metrics[i]);
  info.any_parameters = (table.flags & TUNE_ANY_PARAMETERS) != 0;
  info.numbered_parameters = (table.flags & TUNE_NUMBERED) != 0;
  info.can_save = (table.flags & TUNE_CAN_SAVE) != 0;
  info.can_reset = (table.flags & TUNE_CAN_RESET) != 0;
  info.has_end = (table.flags & TUNE_HAS_END) != 0;
  info.isolation = isolation_of(table.isolation);
  return info;
}

std::string description_to_json(const Result<TrainableInfo>& info) {
  if (!info) {
    const Error& error = info.error();
    return to_json(
        Map{{"error", Map{{"code", kCodes.name(error.code)}, {"message", error.message}, {"hint", error.hint}}}});
  }
  List parameters, metrics;
  for (const Param& p : info->parameters) {
    parameters.push_back(Map{{"name", p.name}, {"required", p.required}, {"kind", kParamKinds.name(p.kind)}});
  }
  for (const std::string& metric : info->metrics) metrics.push_back(metric);
  return to_json(Map{{"info", Map{{"name", info->name},
                                  {"parameters", std::move(parameters)},
                                  {"any_parameters", info->any_parameters},
                                  {"numbered_parameters", info->numbered_parameters},
                                  {"can_save", info->can_save},
                                  {"can_reset", info->can_reset},
                                  {"has_end", info->has_end},
                                  {"metrics", std::move(metrics)},
                                  {"isolation", kIsolations.name(info->isolation)}}}});
}

Result<TrainableInfo> description_from_json(std::string_view json) {
  const Result<Value> value = parse_json(json);
  const Value* error = value ? value->find("error") : nullptr;
  if (error != nullptr) {
    return fail(kCodes.value(text_of(*error, "code")).value_or(ErrorCode::kTrial), text_of(*error, "message"),
                text_of(*error, "hint"));
  }
  const Value* map = value ? value->find("info") : nullptr;
  if (map == nullptr) return fail(ErrorCode::kInternal, "tune-host gave no description of the trainable");
  TrainableInfo info;
  info.name = text_of(*map, "name");
  for (const Value& p : list_of(*map, "parameters")) {
    info.parameters.push_back({text_of(p, "name"), bool_of(p, "required"),
                               kParamKinds.value(text_of(p, "kind")).value_or(Param::Kind::kAny)});
  }
  for (const Value& metric : list_of(*map, "metrics")) {
    if (metric.is_text()) info.metrics.push_back(metric.text());
  }
  info.any_parameters = bool_of(*map, "any_parameters");
  info.numbered_parameters = bool_of(*map, "numbered_parameters");
  info.can_save = bool_of(*map, "can_save");
  info.can_reset = bool_of(*map, "can_reset");
  info.has_end = bool_of(*map, "has_end");
  info.isolation = kIsolations.value(text_of(*map, "isolation")).value_or(Isolation::kProcess);
  return info;
}

}  // namespace tune
