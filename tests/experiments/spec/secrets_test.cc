// Secrets in an experiment file: those that stand there draw a note, those that come from the environment must be
// there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/text.h"
#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What the notes about secrets in a file of this trainable and space name.
std::vector<std::string> noted(const std::string& trainable, const std::string& space = "{x: 1}") {
  const ReadOutcome outcome =
      testing::read("version: 1\nobjective: {metric: loss, mode: min}\nbudget: {trials: 1}\nsearch_space: " + space +
                    "\ntrainable: " + trainable + "\n");
  EXPECT_TRUE(outcome.spec) << format_diagnostics(outcome.diagnostics, false);
  std::vector<std::string> names;
  for (const Diagnostic& d : outcome.diagnostics) {
    if (d.code != "secret") continue;
    EXPECT_EQ(d.severity, Diagnostic::Severity::kNote);
    EXPECT_EQ(d.source_line, "");
    const std::size_t begin = d.message.find('\'') + 1;
    names.push_back(d.message.substr(begin, d.message.find('\'', begin) - begin));
  }
  return names;
}

TEST(Secrets, AreKnownByTheirNames) {
  for (const std::string name :
       {"PASSWORD", "DB_PASSWORD", "HF_TOKEN", "client_secret", "API_KEY", "OPENAI_API_KEY", "apiKey",
        "AWS_SECRET_ACCESS_KEY", "PrivateKey", "passwd", "DB_PASS", "MYPW", "MYPASSWORD"}) {
    EXPECT_THAT(noted("{command: [sh], env: {" + name + ": abc}}"), ElementsAre(name));
  }
  for (const std::string name :
       {"TOKENIZER", "MAX_TOKENS", "KEY", "monkey", "SECRETARY", "KEYBOARD_API", "BYPASS", "compass"}) {
    EXPECT_THAT(noted("{command: [sh], env: {" + name + ": abc}}"), IsEmpty()) << name;
  }
}

TEST(Secrets, AreKnownInArguments) {
  EXPECT_THAT(noted("{command: [sh, --token=abc]}"), ElementsAre("--token"));
  EXPECT_THAT(noted("{command: [sh, --api-key, abc]}"), ElementsAre("--api-key"));
  EXPECT_THAT(noted("{command: [sh, --password, \"${env:HOME}\", --token, --verbose]}"), IsEmpty());
  EXPECT_THAT(noted("{command: [sh, \"--token=$TOKEN\", \"--token=\"]}"), IsEmpty());
}

TEST(Secrets, AreKnownByTheirShape) {
  const std::string forty(40, 'a');
  for (const std::string& key :
       {std::string("AKIAIOSFODNN7EXAMPLE"), "ghp_" + forty, "sk-" + forty, "hf_" + forty, "glpat-" + forty,
        std::string("xoxb-1234567890-abc"), std::string("-----BEGIN RSA PRIVATE KEY-----")}) {
    EXPECT_THAT(noted("{command: [sh], env: {X: \"" + key + "\"}}"), ElementsAre("X")) << key;
    EXPECT_THAT(noted("{command: \"sh -c '" + key + "'\"}"), ElementsAre("command")) << key;
  }
  EXPECT_THAT(noted("{command: [sh, task-" + forty + ", sk-short]}"), IsEmpty());
}

TEST(Secrets, AreKnownInTheUserOfAUrl) {
  const std::string url = "postgres://user:pw123456@host/db";
  EXPECT_THAT(noted("{command: [echo, \"" + url + "\"]}"), ElementsAre("command"));
  EXPECT_THAT(noted("{command: [sh], env: {X: \"see " + url + "?a=b\"}}"), ElementsAre("X"));
  EXPECT_THAT(noted("{command: \"sh -c 'cat " + url + "'\"}"), ElementsAre("command"));
  for (const std::string plain : {"http://host:8080/a@b", "ssh://user@host", "http://u:$PW@host", "a:b@c", "x://"}) {
    EXPECT_THAT(noted("{command: [echo, \"" + plain + "\"]}"), IsEmpty()) << plain;
  }
}

TEST(Secrets, AreKnownAmongConstantsOfTheSearchSpace) {
  EXPECT_THAT(noted("{command: [sh]}", "{login: {password: abc}, token: 12, x: {choice: [1, 2]}}"),
              ElementsAre("password"));
  EXPECT_THAT(noted("{command: [sh]}", "{password: {choice: [hunter22, b]}, pwd: {choice: [1, 2]}, x: 1}"),
              ElementsAre("password"));
}

TEST(Secrets, OfTheEnvironmentAreNotTakenIntoASearchSpace) {
  const ReadOutcome outcome = testing::read(testing::complete("search_space: {x1: 1, key: \"${env:HOME}\"}"));
  ASSERT_EQ(outcome.diagnostics.size(), 1u);
  EXPECT_EQ(outcome.diagnostics[0].severity, Diagnostic::Severity::kWarning);
  EXPECT_THAT(outcome.diagnostics[0].hint, HasSubstr("command and env"));
}

TEST(Secrets, MissingInTheEnvironmentAreAnErrorThatNamesTheVariable) {
  unsetenv("TUNE_TEST_NO_VARIABLE");
  const std::string command = "trainable: {command: [sh, -c, \"true ${env:TUNE_TEST_NO_VARIABLE}\"]}";
  EXPECT_THAT(
      testing::errors(testing::read(testing::complete(command))),
      ElementsAre("5:37 placeholder the environment has no variable 'TUNE_TEST_NO_VARIABLE' | set it where tune "
                  "is started: export TUNE_TEST_NO_VARIABLE=..."));
}

TEST(Secrets, OfAStoredExperimentAreLookedForWhenItGoesOn) {
  setenv("TUNE_TEST_TOKEN", "t0ken-of-mine", 1);
  const ReadOutcome outcome = testing::read(
      testing::complete("trainable: {command: [sh, \"$${env:NOT_MEANT}\"], env: {A: \"<${env:TUNE_TEST_TOKEN}>\"}}"));
  ASSERT_TRUE(outcome.spec) << format_diagnostics(outcome.diagnostics, false);
  EXPECT_THAT(outcome.spec->resolved_json, HasSubstr("<${env:TUNE_TEST_TOKEN}>"));
  EXPECT_THAT(outcome.spec->resolved_json, Not(HasSubstr("t0ken-of-mine")));
  EXPECT_TRUE(check_environment(outcome.spec->trainable));

  unsetenv("TUNE_TEST_TOKEN");
  const ReadOutcome stored = read_stored_experiment(outcome.spec->resolved_json, "/", testing::test_context());
  ASSERT_TRUE(stored.spec);
  const auto missing = check_environment(stored.spec->trainable);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("'TUNE_TEST_TOKEN'"));
}

}  // namespace
}  // namespace tune
