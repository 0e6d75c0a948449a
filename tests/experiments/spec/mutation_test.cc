// Hostile input: every file of the corpus, damaged in thousands of ways by a generator of fixed seed. Nothing crashes,
// hangs or contradicts itself: a spec or an error, never both and never neither.

#include <gtest/gtest.h>

#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

/// splitmix64: the test is the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t n) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<std::size_t>((z ^ (z >> 31)) % n);
  }

 private:
  std::uint64_t state_;
};

std::string mutate(std::string text, const std::string& other, Random& random) {
  static const std::vector<std::string> kPieces = {"{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ":",
                                                   ": ",
                                                   ",",
                                                   "- ",
                                                   "\n",
                                                   "\t",
                                                   " ",
                                                   "&a ",
                                                   "*a",
                                                   "!!str ",
                                                   "<<: ",
                                                   "? ",
                                                   "|",
                                                   ">",
                                                   "\"",
                                                   "'",
                                                   "#",
                                                   "---\n",
                                                   "...\n",
                                                   "%YAML 1.2\n",
                                                   "~",
                                                   "null",
                                                   ".inf",
                                                   ".nan",
                                                   "1e999",
                                                   "99999999999999999999",
                                                   "-1",
                                                   "0",
                                                   "",
                                                   "${",
                                                   "$$",
                                                   std::string(1, '\0'),
                                                   "\x04",
                                                   "\xEF\xBB\xBF",
                                                   "\xFF",
                                                   "\xC3",
                                                   "\r\n",
                                                   "when",
                                                   "uniform",
                                                   "choice",
                                                   "grid_search",
                                                   "sample_from",
                                                   "-9223372036854775808",
                                                   "9223372036854775807",
                                                   "1e308",
                                                   "5e-324",
                                                   "a.b",
                                                   ".",
                                                   "x-"};
  const std::size_t changes = 1 + random.below(4);
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = random.below(text.size());
    const std::size_t length = std::min(random.below(20), text.size() - at);
    switch (random.below(5)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, kPieces[random.below(kPieces.size())]); break;
      case 2: text.replace(at, length, kPieces[random.below(kPieces.size())]); break;
      case 3: text[at] = static_cast<char>(random.below(256)); break;
      case 4: text.insert(at, other.substr(random.below(other.size() + 1), 40)); break;
    }
  }
  return text;
}

void check(const std::string& text) {
  const ReadOutcome outcome = testing::read(text);
  std::size_t errors = 0;
  for (const Diagnostic& d : outcome.diagnostics) {
    errors += d.severity == Diagnostic::Severity::kError;
    ASSERT_FALSE(d.code.empty());
    ASSERT_FALSE(d.message.empty());
    ASSERT_GE(d.line, 0);
    ASSERT_TRUE(d.line == 0 || d.column < d.end_column);
  }
  ASSERT_EQ(outcome.spec.has_value(), errors == 0) << text;
  format_diagnostics(outcome.diagnostics, true);
  if (outcome.spec) {
    const ReadOutcome again = read_stored_experiment(outcome.spec->resolved_json, "/", testing::test_context());
    ASSERT_TRUE(again.spec) << text << format_diagnostics(again.diagnostics, false);
    ASSERT_EQ(again.spec->resolved_json, outcome.spec->resolved_json) << text;
  }
}

TEST(Mutations, NeverBreakTheReader) {
  std::vector<std::string> corpus;
  for (const char* name : {"good", "bad"}) {
    for (const std::string& path : testing::files_of(name)) corpus.push_back(testing::read_file(path));
  }
  Random random(20260101);
  for (int i = 0; i < 4'000; ++i) {
    const std::string& text = corpus[random.below(corpus.size())];
    ASSERT_NO_FATAL_FAILURE(check(mutate(text, corpus[random.below(corpus.size())], random)));
  }
}

TEST(Mutations, OfEveryPrefixNeverBreakTheReader) {
  const std::string text = testing::read_file(testing::folder("good") + "/nested.yaml");
  for (std::size_t length = 0; length <= text.size(); ++length) {
    ASSERT_NO_FATAL_FAILURE(check(text.substr(0, length)));
  }
}

}  // namespace
}  // namespace tune
