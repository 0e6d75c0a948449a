#include "experiments/spec/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "core/text.h"
#include "experiments/spec/algorithms.h"
#include "experiments/spec/overrides.h"
#include "experiments/spec/resolved.h"
#include "experiments/spec/rules.h"
#include "experiments/spec/secrets.h"
#include "experiments/spec/trainable.h"

namespace tune {

namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxNameLength = 100;
constexpr std::size_t kReadLimit = (8u << 20) + 1;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool may_begin_name(char c) { return is_name_character(c) && c != '.' && c != '_' && c != '-'; }

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && may_begin_name(name[0]) &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

/// A file may be called anything; its experiment may not.
std::string made_into_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '-');
  while (!name.empty() && !may_begin_name(name[0])) name.erase(0, 1);
  name.resize(std::min(name.size(), kMaxNameLength));
  return name.empty() ? "experiment" : name;
}

/// Reads one document; its sections' readers do the work.
class ExperimentReader {
 public:
  ExperimentReader(Node root, const Reading& reading, std::string default_name)
      : root_(std::move(root)), reading_(reading), faults_(reading.faults), default_name_(std::move(default_name)) {}

  std::optional<ExperimentSpec> read() {
    if (!root_.is_map()) {
      faults_.error(root_.place, code::kWrongType,
                    fmt::format("an experiment is a map of keys; {}", describe_node(root_)));
      return std::nullopt;
    }
    apply_overrides(root_, reading_.context.overrides, faults_);
    if (is_foreign() || is_newer()) return std::nullopt;

    for (const char* key : {"search_space", "search"}) {
      if (Member* member = root_.find(key)) restore_special_reals(member->value);
    }
    const Section section = experiment_section();
    root_.place = {};  // what is missing at the top is missing in the file as a whole
    std::vector<const Member*> unknown;
    const Fields fields = read_fields(root_, section, faults_, [&](const Member& member) {
      if (!member.name().starts_with("x-")) unknown.push_back(&member);
      return true;
    });
    check_version();
    spec_.name = read_name(fields);
    spec_.description = fields.text("description").value_or("");
    read_sections();
    note_secrets(root_, reading_);
    for (const Member* member : unknown) report_unknown(*member, section);
    if (faults_.errors() > 0) return std::nullopt;

    spec_.space = *std::move(space_.space);
    const Member* constraints = root_.find("constraints");
    spec_.resolved_json =
        resolve(spec_, root_.find("search_space")->value, constraints == nullptr ? nullptr : &constraints->value);
    return std::move(spec_);
  }

 private:
  bool is_foreign() {
    const auto foreign = recognise_foreign(root_);
    if (!foreign) return false;
    faults_.error(foreign->key->place, code::kUnknownKey, fmt::format("this looks like {}", foreign->what),
                  "an experiment has version, trainable, objective and search_space");
    return true;
  }

  /// Nothing else of a newer format can be judged.
  bool is_newer() {
    const Member* version = root_.find("version");
    if (version == nullptr || !version->value.is_scalar() || !version->value.scalar.is_integer()) return false;
    if (version->value.scalar.integer() <= kVersion) return false;
    faults_.error(version->value.place, code::kBadValue,
                  fmt::format("version {} is newer than this program understands ({})", version->value.text, kVersion));
    return true;
  }

  void check_version() {
    const Member* version = root_.find("version");
    if (version == nullptr || version->value.is_null()) return;  // said already
    const Node& value = version->value;
    if (!value.is_scalar() || !value.scalar.is_integer()) {
      faults_.error(value.place, code::kWrongType, fmt::format("version takes an integer; {}", describe_node(value)),
                    fmt::format("write version: {}", kVersion));
    } else if (value.scalar.integer() != kVersion) {
      faults_.error(value.place, code::kBadValue, fmt::format("version must be {}, got {}", kVersion, value.text));
    }
  }

  std::string read_name(const Fields& fields) {
    const auto name = fields.text("name");
    if (!name) return made_into_name(default_name_);
    if (is_name(*name)) return *name;
    const Place& place = fields.member("name")->value.place;
    if (name->size() > kMaxNameLength) {
      faults_.error(place, code::kBadValue, fmt::format("name may hold {} characters", kMaxNameLength));
    } else {
      faults_.error(place, code::kBadValue, "name may hold letters, digits, '.', '_' and '-'",
                    std::all_of(name->begin(), name->end(), is_name_character)
                        ? "begin with a letter or digit"
                        : fmt::format("such as {}", made_into_name(*name)));
    }
    return *name;
  }

  void read_sections() {
    // A key without a value has been reported; to its reader it is not there.
    const auto section = [&](const char* key) -> const Member* {
      const Member* member = root_.find(key);
      return member == nullptr || member->value.is_null() ? nullptr : member;
    };
    spec_.objectives = read_objectives(section("objective"), reading_);
    space_ = read_space(section("search_space"), section("constraints"), reading_);
    if (const Member* trainable = section("trainable")) {
      spec_.trainable = read_trainable(*trainable, space_, spec_.objectives, reading_);
    }
    SearchReading search = read_search(section("search"), space_, reading_);
    spec_.search = std::move(search.spec);
    spec_.scheduler = read_scheduler(section("scheduler"), spec_.objectives, reading_);
    spec_.stop = read_stop(section("stop"), spec_.objectives, reading_);
    spec_.resources = read_resources(section("resources"), reading_);
    check_elastic();
    spec_.retries = read_retries(section("retries"), reading_);
    spec_.runtime = read_runtime(section("runtime"), reading_);
    spec_.limits = read_limits(section("limits"), reading_);
    spec_.checkpoint = read_checkpoint(section("checkpoint"), reading_);
    const BudgetReading budget = read_budget(section("budget"), spec_.objectives, reading_);
    spec_.budget = budget.budget;
    if (!budget.ends && !is_finite(search)) {
      faults_.error({}, code::kNoBudget, "neither budget.trials nor budget.time is set");
    }
    if (faults_.errors() == 0) try_scheduler();
  }

  /// What a scheduler says of the space is put at the option it names.
  void try_scheduler() {
    if (!reading_.context.try_scheduler) return;
    const auto fits = reading_.context.try_scheduler(spec_.scheduler.type, spec_.scheduler.options, *space_.space,
                                                     spec_.budget.trials);
    if (fits) {
      for (const std::string& note : *fits) faults_.warning(place_of_option(note), code::kBadValue, note);
      return;
    }
    std::string message = fits.error().message;
    const std::string prefix = fmt::format("scheduler {}: ", spec_.scheduler.type);
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
    faults_.error(place_of_option(message), code::kBadValue, message, fits.error().hint);
  }

  /// Of the option of the scheduler that a message begins with: `hyperparam_mutations.lr: ...`.
  Place place_of_option(std::string_view message) const {
    const Member* section = root_.find("scheduler");
    if (section == nullptr) return {};
    Place place = section->key.place;
    const Node* at = &section->value;
    for (std::string_view rest = message; at != nullptr;) {
      const Node* inner = nullptr;
      for (const Member& member : at->members) {
        if (!rest.starts_with(member.name())) continue;
        const std::string_view after = rest.substr(member.name().size());
        if (after.empty() || std::string_view(" :.").find(after.front()) == std::string_view::npos) continue;
        place = member.value.place;
        if (after.front() == '.') inner = &member.value, rest = after.substr(1);
        break;
      }
      at = inner;
    }
    return place;
  }

  void check_elastic() {
    if (spec_.resources.elastic == Elastic::kNone || spec_.trainable.isolation != Isolation::kThread) return;
    faults_.error(root_.find("resources")->value.find("elastic")->value.place, code::kConflict,
                  "elastic moves trials between numbers of slots; with isolation: thread they have none of their own",
                  "leave isolation out, or write isolation: process");
  }

  bool is_finite(const SearchReading& search) const {
    if (search.info != nullptr && search.info->capabilities.finite) return true;
    return !space_.parameters.empty() && space_.is_pure_grid();
  }

  void report_unknown(const Member& member, const Section& section) {
    std::string hint = advise(WordPlace::kTop, member.name(), section.names());
    const bool has_grid = std::any_of(space_.parameters.begin(), space_.parameters.end(),
                                      [](const Parameter& p) { return std::holds_alternative<GridSearch>(p.domain); });
    if (member.name() == "num_samples" && has_grid && space_.space) {
      const std::int64_t cells = space_.space->grid_cells();
      const auto samples = member.value.is_scalar() ? as_integer(member.value.scalar) : std::nullopt;
      std::int64_t trials = 0;
      hint += samples && !__builtin_mul_overflow(*samples, cells, &trials)
                  ? fmt::format(", which counts trials: {} * {} grid cells = {}", *samples, cells, trials)
                  : fmt::format(", which counts trials: num_samples * {} grid cells", cells);
    }
    faults_.error(member.key.place, code::kUnknownKey, fmt::format("unknown key '{}'", member.name()), hint);
  }

  Node root_;
  const Reading& reading_;
  Faults& faults_;
  std::string default_name_;
  SpaceReading space_;
  ExperimentSpec spec_;
};

ReadOutcome failed(std::string file, std::string code, std::string message, std::string hint = {}) {
  Diagnostic diagnostic;
  diagnostic.file = std::move(file);
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  ReadOutcome outcome;
  outcome.diagnostics.push_back(std::move(diagnostic));
  return outcome;
}

}  // namespace

ReadOutcome read_experiment(const std::string& text, const std::string& file, const std::string& directory,
                            const std::string& default_name, const ReaderContext& context) {
  const Source source(text);
  Faults faults(file, source);
  const Reading reading{context, source, faults, directory, context.given_before};
  ReadOutcome outcome;
  if (auto root = parse_document(source, faults)) {
    outcome.spec = ExperimentReader(*std::move(root), reading, default_name).read();
  }
  if (outcome.spec) {
    outcome.spec->file = file;
    outcome.spec->source = text;
    outcome.spec->directory = directory;
  }
  outcome.diagnostics = faults.take();
  return outcome;
}

ReadOutcome read_experiment_file(const std::string& path, const ReaderContext& context) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_directory(path, error)) return failed(path, code::kBadValue, "this is a directory", "name a file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return failed(path, code::kBadValue, fmt::format("cannot read the file: {}", std::strerror(errno)));
  std::string text(kReadLimit, '\0');  // a device has no end; the parser refuses what is this long
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return failed(path, code::kBadValue, fmt::format("cannot read the file: {}", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const fs::path absolute = fs::absolute(path, error);
  return read_experiment(text, path, absolute.parent_path().lexically_normal().string(), absolute.stem().string(),
                         context);
}

ReadOutcome read_stored_experiment(const std::string& resolved_json, const std::string& directory,
                                   const ReaderContext& context) {
  constexpr const char* kFile = "stored experiment";
  const Result<Value> document = parse_json(resolved_json);
  if (!document) return failed(kFile, code::kYamlSyntax, document.error().message, document.error().hint);
  Node root = node_of_value(*document);
  const Source source;
  Faults faults(kFile, source);
  const Reading reading{context, source, faults, directory, true};
  ReadOutcome outcome;
  outcome.spec = ExperimentReader(std::move(root), reading, "experiment").read();
  if (outcome.spec) {
    outcome.spec->file = kFile;
    outcome.spec->directory = directory;
  }
  outcome.diagnostics = faults.take();
  return outcome;
}

}  // namespace tune
