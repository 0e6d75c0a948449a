// What becomes of `trainable`, and of the spec beside a loaded one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TrainableRef trainable_of(std::string_view tail) {
  const ReadOutcome outcome = testing::read(testing::complete(tail));
  EXPECT_TRUE(outcome.spec) << format_diagnostics(outcome.diagnostics, false);
  return outcome.spec ? outcome.spec->trainable : TrainableRef{};
}

TEST(Trainable, OfALibraryHasAnAbsolutePath) {
  for (const char* text : {"trainable: ./libmine.so:Net", "trainable: libmine.so:Net",
                           "trainable: ../good/libmine.so:Net", "trainable: {plugin: ./libmine.so, class: Net}"}) {
    const TrainableRef ref = trainable_of(text);
    EXPECT_EQ(ref.kind, TrainableRef::Kind::kLibrary) << text;
    EXPECT_EQ(ref.library, testing::folder("good") + "/libmine.so") << text;
    EXPECT_EQ(ref.name, "Net") << text;
  }
  EXPECT_EQ(trainable_of("trainable: ./libmine.so").name, "");
}

TEST(Trainable, OfACommandIsOneJsonObject) {
  const TrainableRef ref =
      trainable_of("trainable: {command: [sh, -c, \"echo ${x1}\"], env: {A: \"1\"}, report: file}");

  EXPECT_EQ(ref.kind, TrainableRef::Kind::kCommand);
  EXPECT_EQ(ref.command_json, "{\"command\":[\"sh\",\"-c\",\"echo ${x1}\"],\"report\":\"file\",\"working_dir\":\"" +
                                  testing::folder("good") + "\",\"env\":{\"A\":\"1\"},\"objective\":[\"loss\"]}");
}

TEST(Trainable, MayBeAScriptBesideTheFile) {
  EXPECT_THAT(testing::errors(testing::read(testing::complete("trainable: {command: [./libmine.so]}"))),
              ElementsAre("5:23 plugin-load cannot run ./libmine.so: it is not executable | chmod +x " +
                          testing::folder("good") + "/libmine.so"));
}

TEST(Trainable, MayNotBeAFolder) {
  EXPECT_THAT(
      testing::errors(testing::read(testing::complete("trainable: {command: [/usr, x]}"))),
      ElementsAre("5:23 plugin-load cannot run /usr: it is a folder | name a program, and its arguments after it"));
  EXPECT_THAT(testing::errors(testing::read(testing::complete("trainable: {command: [../good/]}"))),
              ElementsAre("5:23 plugin-load cannot run ../good/: it is a folder | "
                          "name a program, and its arguments after it"));
  EXPECT_THAT(testing::errors(testing::read(testing::complete("trainable: {command: [/dev/null]}"))),
              ElementsAre("5:23 plugin-load cannot run /dev/null: it is no regular file | "
                          "name a program, and its arguments after it"));
}

/// A trainable of two required parameters that ends by itself.
TrainableInfo branin() {
  TrainableInfo info;
  info.name = "branin";
  info.parameters = {{"x1", true, TrainableInfo::Param::Kind::kReal},
                     {"x2", true, TrainableInfo::Param::Kind::kReal},
                     {"epochs", false, TrainableInfo::Param::Kind::kInteger}};
  info.any_parameters = false;
  info.has_end = true;
  info.metrics = {"loss"};
  return info;
}

std::vector<std::string> faults(std::string_view tail, const TrainableInfo& info) {
  const ReadOutcome outcome = testing::read(testing::complete(tail));
  EXPECT_TRUE(outcome.spec) << format_diagnostics(outcome.diagnostics, false);
  return testing::lines(check_trainable(*outcome.spec, info, testing::test_context()));
}

TEST(CheckTrainable, FindsNothingWhereAllFits) {
  EXPECT_THAT(faults("search_space: {x1: {uniform: [0, 1]}, x2: 3, epochs: {choice: [1, 2]}}\n", branin()), IsEmpty());
}

TEST(CheckTrainable, NamesUnknownParameters) {
  EXPECT_THAT(faults("search_space:\n  x1: 1\n  x2: 1\n  epoch: 3\n  net: {width: 5}\n", branin()),
              ElementsAre("8:3 unknown-name branin has no parameter 'epoch' | did you mean 'epochs'?",
                          "9:9 unknown-name branin has no parameter 'net.width' | it takes x1, x2, epochs"));
}

TEST(CheckTrainable, NamesMissingParameters) {
  EXPECT_THAT(faults("search_space: {x1: 1, c: 1}\n", branin()),
              ElementsAre("5:1 missing-key branin needs the parameter 'x2'",
                          "5:23 unknown-name branin has no parameter 'c' | it takes x1, x2, epochs"));
}

TEST(CheckTrainable, RefusesConditionsOnWhatIsNeeded) {
  EXPECT_THAT(faults("search_space: {x1: {choice: [1, 2]}, x2: {uniform: [0, 1], when: {x1: 1}}}\n", branin()),
              ElementsAre("5:38 conflict branin needs 'x2' in every trial, but it has a condition"));
}

TEST(CheckTrainable, NamesParametersOfAnotherKind) {
  EXPECT_THAT(faults("search_space: {x1: {choice: [1, a]}, x2: text, epochs: {uniform: [1, 5]}}\n", branin()),
              ElementsAre("5:16 wrong-type 'x1' of branin takes a number; 'a' is text",
                          "5:42 wrong-type 'x2' of branin takes a number; 'text' is text",
                          "5:48 wrong-type 'epochs' of branin takes an integer; uniform gives reals"));
}

TEST(CheckTrainable, CountsNumberedParameters) {
  TrainableInfo ackley = branin();
  ackley.name = "ackley";
  ackley.parameters.clear();
  ackley.numbered_parameters = true;

  EXPECT_THAT(faults("search_space: {x1: 1, x2: 1, x3: 1}\n", ackley), IsEmpty());
  EXPECT_THAT(faults("search_space: {x1: 1, x3: 1}\n", ackley),
              ElementsAre("5:1 missing-key ackley needs the parameter 'x2'"));
  EXPECT_THAT(faults("search_space: {x1: 1, x999999999: 1}\n", ackley),
              ElementsAre("5:1 missing-key ackley needs the parameter 'x2'"));
  EXPECT_THAT(faults("search_space: {x1: 1, x0: 1, x01: 1, y: 1, x: 1}\n", ackley).size(), 4u);
}

TEST(CheckTrainable, NeedsAnEndSomewhere) {
  TrainableInfo endless = branin();
  endless.has_end = false;
  endless.can_save = true;
  const std::string space = "search_space: {x1: 1, x2: 1}\n";

  EXPECT_THAT(
      faults(space, endless),
      ElementsAre("2:1 no-budget branin has no end of its own | set stop, such as stop: {training_iteration: 100}, "
                  "or a scheduler with max_t"));
  EXPECT_THAT(faults(space + "stop: {time: 1m}\n", endless), IsEmpty());
  EXPECT_THAT(faults(space + "scheduler: asha\n", endless), IsEmpty());
  EXPECT_EQ(faults(space + "scheduler: {type: asha, stop_last_trials: false}\n", endless).size(), 1u);
}

TEST(CheckTrainable, NeedsCheckpointsForPromotion) {
  const std::string space = "search_space: {x1: 1, x2: 1}\n";

  EXPECT_THAT(faults(space + "scheduler: {type: asha, variant: promote}\n", branin()),
              ElementsAre("6:34 capability scheduler asha with variant promote pauses trials, and branin cannot save "
                          "checkpoints | use variant: stop"));
  EXPECT_THAT(faults(space + "scheduler: {type: asha}\n", branin()), IsEmpty());
}

TEST(CheckTrainable, AFunctionWithoutANameHearsHowToSayThatItSaves) {
  const std::string space = "search_space: {x1: 1, x2: 1}\n";
  TrainableInfo function = branin();
  function.name = "(function)";

  EXPECT_THAT(
      faults(space + "scheduler: {type: asha, variant: promote}\n", function),
      ElementsAre("6:34 capability scheduler asha with variant promote pauses trials, and (function) cannot save "
                  "checkpoints | use variant: stop; or if it takes up trial.checkpoint() and reports its state, "
                  "say so: {f, {.can_save = true}}"));
  function.can_save = true;
  EXPECT_THAT(faults(space + "scheduler: {type: asha, variant: promote}\n", function), IsEmpty());
}

TEST(CheckTrainable, KnowsTheMetrics) {
  TrainableInfo info = branin();
  info.metrics = {"loss", "accuracy"};

  EXPECT_THAT(faults("search_space: {x1: 1, x2: 1}\nobjective: {metric: acuracy, mode: max}\n", info),
              ElementsAre("5:21 unknown-name branin does not report 'acuracy' | did you mean 'accuracy'?"));
  EXPECT_THAT(
      faults("search_space: {x1: 1, x2: 1}\nobjective:\n  - {metric: loss, mode: min}\n  - {metric: f1, mode: max}\n",
             info),
      ElementsAre("7:14 unknown-name branin does not report 'f1' | it reports loss, accuracy"));
}

TEST(CheckTrainable, KnowsTheMetricsOfRules) {
  TrainableInfo info = branin();
  info.metrics = {"loss", "accuracy"};
  const std::string space = "search_space: {x1: 1, x2: 1}\n";

  EXPECT_THAT(faults(space + "stop: {los: {below: 1}, accuracy: {above: 1}, time_total_s: {above: 9}}\n", info),
              ElementsAre("6:8 unknown-name branin does not report 'los' | did you mean 'loss'?"));
  EXPECT_THAT(faults(space + "stop:\n  plateau: {metric: los}\n", info),
              ElementsAre("7:21 unknown-name branin does not report 'los' | did you mean 'loss'?"));
  EXPECT_THAT(faults(space + "scheduler: {type: asha, time_attr: epoch}\n", info),
              ElementsAre("6:36 unknown-name branin does not report 'epoch' | it reports loss, accuracy"));
  EXPECT_THAT(faults(space + "scheduler: {type: asha, time_attr: accuracy}\n", info), IsEmpty());
}

}  // namespace
}  // namespace tune
