#include "trainables/command/secret_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const SecretMask::Secrets kSecrets = {{"hunter22", "${env:A}"}, {"hunter22-long", "${env:B}"}};

/// The stream in pieces of `size` bytes.
std::string in_pieces(const std::string& text, std::size_t size) {
  SecretMask mask(kSecrets);
  std::string out;
  const auto sink = [&](std::string_view bytes) { out += bytes; };
  for (std::size_t i = 0; i < text.size(); i += size) mask.feed(std::string_view(text).substr(i, size), sink);
  mask.finish(sink);
  return out;
}

TEST(SecretMask, FindsASecretHoweverItArrives) {
  const std::string text = "a hunter22, hunter22-long\nhunter2hunter22 hunter22-lo hunter2";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_EQ(in_pieces(text, size), "a ${env:A}, ${env:B}\nhunter2${env:A} ${env:A}-lo hunter2") << size;
  }
}

TEST(SecretMask, HoldsBackOnlyWhatMayBeTheBeginningOfASecret) {
  SecretMask mask(kSecrets);
  std::string out;
  mask.feed("progress 10% hunt", [&](std::string_view bytes) { out += bytes; });
  EXPECT_EQ(out, "progress 10% ");
}

TEST(SecretMask, WithoutSecretsHandsOnWhatItGets) {
  std::string out;
  SecretMask().feed("hunter22", [&](std::string_view bytes) { out += bytes; });
  EXPECT_EQ(out, "hunter22");
}

TEST(SecretMask, FindsASecretInTheTextsOfJson) {
  const SecretMask mask(SecretMask::Secrets{{"say \"hunter\"", "${env:A}"}});
  EXPECT_EQ(mask.masked_json(R"({"a":["x say \"hunter\"",1.5,null],"say \"hunter\"":{"b":true}})"),
            R"({"a":["x ${env:A}",1.5,null],"${env:A}":{"b":true}})");
  EXPECT_EQ(mask.masked_json(""), "");
}

TEST(SecretMask, LooksForWhatTheFileTakesFromTheEnvironmentButNotForPathsAndShortValues) {
  setenv("TUNE_TEST_TOKEN", "t0ken-of-mine", 1);
  setenv("TUNE_TEST_PATH", "/home/somebody", 1);
  setenv("TUNE_TEST_SHORT", "4", 1);
  unsetenv("TUNE_TEST_NO_VARIABLE");
  CommandSpec spec;
  spec.command = {"prog", "--n=${env:TUNE_TEST_SHORT}", "${env:TUNE_TEST_NO_VARIABLE}"};
  spec.env = {{"A", "Bearer ${env:TUNE_TEST_TOKEN}"}, {"B", "${env:TUNE_TEST_PATH}"}};

  EXPECT_THAT(secrets_of(spec), ElementsAre(Pair("t0ken-of-mine", "${env:TUNE_TEST_TOKEN}")));
}

}  // namespace
}  // namespace tune
