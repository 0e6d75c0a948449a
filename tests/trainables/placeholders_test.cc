#include "trainables/command/placeholders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <memory>

#include "core/json.h"
#include "trainables/command/command_spec.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TrialFacts facts(const std::string& config) {
  return {.config = parse_json(config).value(),
          .params_json = config,
          .params_file = "/t/params.json",
          .trial_id = "exp-00003",
          .trial_dir = "/t",
          .checkpoint_dir = "/t/checkpoint",
          .seed = "42"};
}

std::vector<std::string> items(const std::vector<std::string>& list, const std::string& config) {
  return expand_items(list, facts(config)).value();
}

TEST(Placeholders, StandForParametersByPath) {
  EXPECT_THAT(items({"--lr=${lr}", "${optimizer.name}", "${n}", "${on}", "${sizes}"},
                    R"({"lr":0.1,"optimizer":{"name":"sgd"},"n":3,"on":true,"sizes":[1,2]})"),
              ElementsAre("--lr=0.1", "sgd", "3", "true", "[1,2]"));
}

TEST(Placeholders, PrintRealsAsTheShortestTextThatReadsBackEqual) {
  EXPECT_THAT(items({"${a}", "${b}", "${c}"}, R"({"a":1e-4,"b":1.0,"c":0.30000000000000004})"),
              ElementsAre("1e-04", "1", "0.30000000000000004"));
}

TEST(Placeholders, StandForFactsOfTheTrial) {
  setenv("TUNE_TEST_VARIABLE", "from outside", 1);
  EXPECT_THAT(
      items({"${trial_id}", "${trial_dir}", "${checkpoint_dir}", "${params_file}", "${seed}",
             "${env:TUNE_TEST_VARIABLE}", "${params_json}", "$$ $HOME"},
            R"({"x":1})"),
      ElementsAre("exp-00003", "/t", "/t/checkpoint", "/t/params.json", "42", "from outside", R"({"x":1})", "$ $HOME"));
}

TEST(Placeholders, OfAVariableThatIsNotSetAreAFault) {
  EnvironmentList environment;
  const std::string text = "${env:TUNE_TEST_NO_VARIABLE}";

  EXPECT_FALSE(expand_items({text}, facts("{}")));
  EXPECT_FALSE(expand_plain(text, facts("{}")));
  const auto shell = expand_shell_text(text, facts("{}"), environment);
  ASSERT_FALSE(shell);
  EXPECT_THAT(shell.error().message, HasSubstr("TUNE_TEST_NO_VARIABLE"));
}

TEST(ShellText, OnlyRefersToWhatComesFromTheEnvironment) {
  setenv("TUNE_TEST_VARIABLE", "plain", 1);
  EnvironmentList environment;

  EXPECT_EQ(expand_shell_text("log in ${env:TUNE_TEST_VARIABLE}", facts("{}"), environment).value(),
            "log in \"${TUNE_VALUE_1}\"");
}

TEST(Placeholders, ArgsBecomeSeveralItems) {
  const std::string config = R"({"lr":0.5,"kind":"a b","model":{"hidden":16}})";

  EXPECT_THAT(items({"prog", "${args}", "end"}, config),
              ElementsAre("prog", "--lr=0.5", "--kind=a b", "--model.hidden=16", "end"));
  EXPECT_THAT(items({"<${args}>"}, R"({"a":1,"b":2})"), ElementsAre("<--a=1 --b=2>"));
}

TEST(Placeholders, LeaveOutItemsOfInactiveParameters) {
  EXPECT_THAT(items({"prog", "--momentum=${momentum}", "--lr=${lr}"}, R"({"lr":1})"), ElementsAre("prog", "--lr=1"));
}

TEST(Placeholders, NeedTheirEnd) {
  const auto result = expand_items({"${lr"}, facts("{}"));

  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no '}'"));
}

/// What /bin/sh makes of an expanded text.
std::string shell(const std::string& text, const std::string& config) {
  EnvironmentList environment;
  const auto command = expand_shell_text(text, facts(config), environment);
  if (!command) return command.error().message;
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command->c_str(), "r"), pclose);
  std::string out;
  std::array<char, 4096> buffer;
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe.get())) out.append(buffer.data(), got);
  return out;
}

TEST(ShellText, WritesPlainWordsAsTheyAre) {
  EnvironmentList environment;

  EXPECT_EQ(expand_shell_text("train --lr=${lr} | tee ${trial_dir}/log", facts(R"({"lr":0.01})"), environment).value(),
            "train --lr=0.01 | tee /t/log");
  EXPECT_THAT(environment, IsEmpty());
}

TEST(ShellText, KeepsEveryValueWholeInEveryKindOfQuotes) {
  for (const std::string value : {R"(a b)", R"(it's)", R"(say \"hi\")", R"x($(echo run) `echo run`)x", R"(; echo run)",
                                  R"(\\ $HOME *)", R"()", R"(a\nb)", R"('; echo run; ')", R"(\"; echo run; \")"}) {
    const std::string config = R"({"v":")" + value + R"("})";
    const std::string meant = parse_json(config)->find("v")->text();
    SCOPED_TRACE(meant);

    EXPECT_EQ(shell("printf '<%s>' ${v}", config), "<" + meant + ">");
    EXPECT_EQ(shell("printf '<%s>' --v=${v}", config), "<--v=" + meant + ">");
    EXPECT_EQ(shell("printf '<%s>' \"v=${v}\"", config), "<v=" + meant + ">");
    EXPECT_EQ(shell("printf '<%s>' 'v=${v}'", config), "<v=" + meant + ">");
    EXPECT_EQ(shell("printf '<%s>' \"$(printf '%s.' ${v})\"", config), "<" + meant + ".>");
    EXPECT_EQ(shell("printf '<%s>' \"$(printf '%s.' \"${v}\")\" ${v}", config), "<" + meant + ".><" + meant + ">");
  }
}

TEST(ShellText, RunsNoValueEvenWhereQuotesAreMisread) {
  const std::string config = R"x({"v":"; echo run; $(echo run)"})x";

  EXPECT_EQ(shell("# don't\nprintf '<%s>' ${v}", config), "<; echo run; $(echo run)>");
  EXPECT_EQ(shell("cat <<E\nit's ${v}\nE", config).find("run\n"), std::string::npos);
}

TEST(ShellText, SplitsArgsIntoArguments) {
  EXPECT_EQ(shell("printf '<%s>' ${args}", R"x({"lr":0.5,"kind":"a b","x":{"y":"$(ls)"}})x"),
            "<--lr=0.5><--kind=a b><--x.y=$(ls)>");
}

TEST(CommandSpec, ReadsWhatTheReaderWrites) {
  const auto spec = parse_command_spec(
      R"({"command":["p","${lr}"],"report":"file","working_dir":"/w","env":{"A":"1"},"objective":["loss"]})");

  ASSERT_TRUE(spec);
  EXPECT_EQ(*spec, (CommandSpec{.command = {"p", "${lr}"},
                                .report = CommandSpec::ReportBy::kFile,
                                .working_dir = "/w",
                                .env = {{"A", "1"}},
                                .objective = {"loss"}}));
  EXPECT_TRUE(parse_command_spec(R"({"command":"a | b"})")->shell);
}

TEST(CommandSpec, RefusesWhatItCannotMean) {
  for (const std::string bad :
       {"", "[]", "{}", R"({"command":[]})", R"({"command":[1]})", R"({"command":"a","report":"tape"})",
        R"({"command":"a","env":{"A":1}})", R"({"command":"a","other":1})"}) {
    EXPECT_FALSE(parse_command_spec(bad)) << bad;
  }
}

}  // namespace
}  // namespace tune
