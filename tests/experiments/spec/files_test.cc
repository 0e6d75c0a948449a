// Files as data. good/: read without an error, and equal after storing. bad/: each begins with the lines of its errors
// and warnings, `#! LINE:COLUMN CODE message | hint`; {dir} stands for the folder of the good files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

std::string name_of(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).stem().string();
  for (char& c : name) {
    if (c == '-' || c == '.') c = '_';
  }
  return name;
}

std::vector<std::string> expected_lines(const std::string& text) {
  std::vector<std::string> expected;
  std::size_t at = 0;
  while (text.compare(at, 3, "#! ") == 0) {
    const std::size_t end = text.find('\n', at);
    std::string line = text.substr(at + 3, end - at - 3);
    if (const std::size_t dir = line.find("{dir}"); dir != std::string::npos)
      line.replace(dir, 5, testing::folder("good"));
    expected.push_back(std::move(line));
    at = end + 1;
  }
  return expected;
}

class BadFile : public ::testing::TestWithParam<std::string> {};

TEST_P(BadFile, HasExactlyTheFaultsItSays) {
  const std::string text = testing::read_file(GetParam());

  const ReadOutcome outcome = testing::read(text);

  const std::vector<std::string> expected = expected_lines(text);
  ASSERT_FALSE(expected.empty());
  EXPECT_THAT(testing::lines(outcome.diagnostics), ElementsAreArray(expected));
  EXPECT_FALSE(outcome.spec);
}

INSTANTIATE_TEST_SUITE_P(Reader, BadFile, ::testing::ValuesIn(testing::files_of("bad")), name_of);

class GoodFile : public ::testing::TestWithParam<std::string> {
 protected:
  const ReadOutcome outcome_ = read_experiment_file(GetParam(), testing::test_context());
};

TEST_P(GoodFile, IsReadWithoutError) {
  EXPECT_THAT(testing::errors(outcome_), IsEmpty());
  EXPECT_TRUE(outcome_.spec);
}

TEST_P(GoodFile, IsEqualAfterStoring) {
  ASSERT_TRUE(outcome_.spec);
  const ExperimentSpec& spec = *outcome_.spec;

  const ReadOutcome again = read_stored_experiment(spec.resolved_json, spec.directory, testing::test_context());

  ASSERT_THAT(testing::errors(again), IsEmpty());
  ASSERT_TRUE(again.spec);
  EXPECT_THAT(differences(*again.spec, spec), IsEmpty());
  EXPECT_THAT(differences(spec, *again.spec), IsEmpty());
  EXPECT_EQ(again.spec->resolved_json, spec.resolved_json);
  EXPECT_EQ(again.spec->name, spec.name);
  EXPECT_EQ(again.spec->description, spec.description);
  EXPECT_EQ(again.spec->trainable, spec.trainable);
  EXPECT_EQ(again.spec->objectives, spec.objectives);
  EXPECT_EQ(again.spec->space.fingerprint(), spec.space.fingerprint());
  EXPECT_EQ(again.spec->search.seed, spec.search.seed);
  EXPECT_EQ(again.spec->search.points_to_evaluate, spec.search.points_to_evaluate);
  EXPECT_EQ(again.spec->stop, spec.stop);
  EXPECT_EQ(again.spec->budget, spec.budget);
  EXPECT_EQ(again.spec->resources, spec.resources);
  EXPECT_EQ(again.spec->retries, spec.retries);
  EXPECT_EQ(again.spec->limits, spec.limits);
  EXPECT_EQ(again.spec->checkpoint, spec.checkpoint);
}

INSTANTIATE_TEST_SUITE_P(Reader, GoodFile, ::testing::ValuesIn(testing::files_of("good")), name_of);

TEST(ExperimentFile, ThatIsMissingIsOneDiagnostic) {
  const ReadOutcome outcome = read_experiment_file(testing::folder("good") + "/nope.yaml", testing::test_context());

  EXPECT_THAT(testing::lines(outcome.diagnostics),
              ::testing::ElementsAre("0:0 bad-value cannot read the file: No such file or directory"));
}

TEST(ExperimentFile, ThatIsADirectoryIsOneDiagnostic) {
  const ReadOutcome outcome = read_experiment_file(testing::folder("good"), testing::test_context());

  EXPECT_THAT(testing::lines(outcome.diagnostics),
              ::testing::ElementsAre("0:0 bad-value this is a directory | name a file"));
}

TEST(ExperimentFile, WithoutEndIsRefused) {
  const ReadOutcome outcome = read_experiment_file("/dev/zero", testing::test_context());

  EXPECT_THAT(testing::lines(outcome.diagnostics),
              ::testing::ElementsAre("0:0 yaml-syntax the file is larger than 8 MiB"));
}

TEST(ExperimentFile, GivesItsNameToTheExperiment) {
  const auto name = [](const char* default_name) {
    return read_experiment(testing::complete(""), "f", "/", default_name, testing::test_context()).spec->name;
  };
  EXPECT_EQ(name("iris-asha"), "iris-asha");
  EXPECT_EQ(name("my run (2)"), "my-run--2-");
  EXPECT_EQ(name("..."), "experiment");
  EXPECT_EQ(name(std::string(300, 'a').c_str()), std::string(100, 'a'));
}

}  // namespace
}  // namespace tune
