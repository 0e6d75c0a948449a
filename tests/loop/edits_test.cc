// Rows of the command table as events, and what of an experiment may be edited.

#include "tune/loop/edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tune::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ExperimentSpec spec_of(std::int64_t trials) {
  ExperimentSpec spec;
  std::vector<SpaceFault> faults;
  const auto parameter = [](std::string path, Domain domain) {
    return Parameter{std::move(path), std::move(domain), {}, {}, {}};
  };
  spec.space = *Space::build(
      {parameter("lr", Uniform{0, 1}), parameter("layers", RandInt{1, 5}), parameter("twice", Derived{"2 * lr"})}, {},
      faults);
  spec.objectives = {{"loss", Mode::kMin, std::nullopt}};
  spec.budget.trials = trials;
  return spec;
}

/// Understands `budget.trials=N`, `budget.concurrency=N` and `scheduler.type=NAME`.
Result<ExperimentSpec> reread(const ExperimentSpec& now, const std::vector<std::string>& changes) {
  ExperimentSpec spec = now;
  for (const std::string& change : changes) {
    const std::string key = change.substr(0, change.find('=')), value = change.substr(change.find('=') + 1);
    if (key == "budget.trials") spec.budget.trials = std::stoll(value);
    if (key == "budget.concurrency") spec.budget.concurrency = std::stoll(value);
    if (key == "scheduler.type") spec.scheduler.type = value;
    if (key == "nonsense") return fail(ErrorCode::kBadInput, "unknown key 'nonsense'");
  }
  spec.resolved_json = "{}";
  return spec;
}

CommandRow row_of(CommandKind kind, std::string args) { return {5, kind, std::nullopt, std::move(args)}; }

std::vector<Arrived> events_of(const CommandRow& row, ExperimentSpec& spec) {
  return to_events(row, spec, reread, [](const ExperimentSpec& s) { return s.budget.concurrency.value_or(8); });
}

std::string refusal_of(const std::vector<Arrived>& events) {
  if (events.size() != 1) return "(" + std::to_string(events.size()) + " events)";
  const auto* command = std::get_if<Commanded>(&events[0].body);
  return command != nullptr && command->command == 5 ? command->refusal : "(another event)";
}

TEST(Edits, AreNamedWithOldAndNewValue) {
  const ExperimentSpec before = spec_of(10);
  ExperimentSpec now = before;
  EXPECT_THAT(edits_between(before, now), IsEmpty());
  now.budget.trials = 20;
  now.budget.time = 60;
  now.limits.output = 1000;
  now.checkpoint.keep = 3;
  now.retries.exit = 2;
  const auto edits = edits_between(before, now);
  EXPECT_THAT(edits, ElementsAre(Field(&Edited::key, "budget.trials"), Field(&Edited::key, "budget.time"),
                                 Field(&Edited::key, "retries"), Field(&Edited::key, "limits"),
                                 Field(&Edited::key, "checkpoint.keep")));
  EXPECT_EQ(edits[0].before, Value(10));
  EXPECT_EQ(edits[0].now, Value(20));
  EXPECT_TRUE(edits[1].before.is_null());
}

TEST(Edits, OfOneRowAreAnEventEachAndTheDocumentGoesWithTheLast) {
  ExperimentSpec spec = spec_of(10);
  const auto events = events_of(row_of(CommandKind::kSet, R"(["budget.trials=20","budget.concurrency=3"])"), spec);
  ASSERT_THAT(events, SizeIs(2));
  const auto& trials = std::get<Edited>(events[0].body);
  const auto& slots = std::get<Edited>(events[1].body);
  EXPECT_EQ(trials.command, 5);
  EXPECT_EQ(trials.slots, 0);
  EXPECT_FALSE(events[0].document);
  EXPECT_EQ(slots.slots, 3);
  EXPECT_EQ(events[1].document, "{}");
  EXPECT_EQ(spec.budget.trials, 20);  // the next row is held against this
}

TEST(Edits, ThatChangeNothingOrWhatIsFixedAreRefusedAndLeaveTheSpecificationAsItWas) {
  ExperimentSpec spec = spec_of(10);
  EXPECT_THAT(refusal_of(events_of(row_of(CommandKind::kSet, R"(["budget.trials=10"])"), spec)),
              HasSubstr("is so already"));
  EXPECT_THAT(refusal_of(events_of(row_of(CommandKind::kSet, R"(["scheduler.type=asha","budget.trials=20"])"), spec)),
              AllOf(HasSubstr("fixed"), HasSubstr("scheduler")));
  EXPECT_THAT(refusal_of(events_of(row_of(CommandKind::kSet, R"(["nonsense=1"])"), spec)), HasSubstr("unknown key"));
  for (const char* args : {"", "[]", "{}", "[1]", "no json"}) {
    EXPECT_THAT(refusal_of(events_of(row_of(CommandKind::kSet, args), spec)), HasSubstr("nothing to set")) << args;
  }
  EXPECT_EQ(spec.budget.trials, 10);
  EXPECT_EQ(spec.scheduler.type, "fifo");
}

TEST(Edits, AnEnqueuedConfigurationMustLieInTheSpace) {
  ExperimentSpec spec = spec_of(10);
  const auto events = events_of(row_of(CommandKind::kEnqueue, R"({"lr":0.5,"layers":2})"), spec);
  ASSERT_THAT(events, SizeIs(1));
  const auto& command = std::get<Commanded>(events[0].body);
  EXPECT_EQ(command.refusal, "");
  EXPECT_EQ(*command.config.find("layers"), Value(2));
  for (const char* args : {R"({"lr":2})", R"({"layers":2.5})", R"({"width":1})", R"({"twice":1})"}) {
    EXPECT_THAT(refusal_of(events_of(row_of(CommandKind::kEnqueue, args), spec)), HasSubstr("search space")) << args;
  }
  EXPECT_THAT(refusal_of(events_of(row_of(CommandKind::kEnqueue, "[1]"), spec)), HasSubstr("no JSON object"));
  EXPECT_THAT(events_of(row_of(CommandKind::kEnqueue, ""), spec), SizeIs(1));  // all is drawn
}

}  // namespace
}  // namespace tune::test
