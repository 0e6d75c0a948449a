#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/channel.h"
#include "core/runtime/worker.h"

namespace tune {
namespace {

WorkerOptions full_options() {
  WorkerOptions options;
  options.socket = "/tmp/tune-0/x/worker";
  options.launch = "abc";
  options.token = "00ff";
  options.host_program = "/usr/bin/tune-host";
  options.trainable.kind = TrainableRef::Kind::kLibrary;
  options.trainable.library = "/a b/libmine.so";
  options.trainable.name = "Mine \"quoted\"";
  options.trainable.command_json = R"({"env":{"API_KEY":"sk-1234"}})";
  options.plan.slots = 4;
  options.plan.cpu = 0.1;
  options.plan.gpu = 0.5;
  options.plan.gpus = {"0", "GPU-8932f937"};
  options.experiment = "iris";
  options.attempts_dir = "/data/tune.db.d";
  options.lease = 12.5;
  return options;
}

Result<WorkerOptions> there_and_back(const WorkerOptions& options) {
  return parse_worker_arguments(worker_arguments(options, make_memfd(worker_secrets(options)).value().release()));
}

TEST(WorkerArguments, ComeBackAsTheyWent) {
  const auto back = there_and_back(full_options());
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_TRUE(*back == full_options());
}

TEST(WorkerArguments, WithoutGpusComeBackToo) {
  WorkerOptions options = full_options();
  options.plan.gpus.clear();
  options.plan.gpu = 0;
  const auto back = there_and_back(options);
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(back->plan.gpus.empty());
}

TEST(WorkerArguments, HoldNeitherTheTokenNorTheTrainable) {
  for (const std::string& argument : worker_arguments(full_options(), 3)) {
    EXPECT_THAT(argument, testing::Not(testing::AnyOf(testing::HasSubstr("00ff"), testing::HasSubstr("sk-1234"))));
  }
}

TEST(WorkerArguments, OfSomebodyWhoTriesByHandAreRefused) {
  EXPECT_FALSE(parse_worker_arguments({}).has_value());
  EXPECT_FALSE(parse_worker_arguments({"--socket"}).has_value());
  EXPECT_FALSE(parse_worker_arguments({"--what", "ever"}).has_value());
  EXPECT_FALSE(
      parse_worker_arguments(worker_arguments(full_options(), make_memfd("no token").value().release())).has_value());
  auto arguments = worker_arguments(full_options(), make_memfd("").value().release());
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (arguments[i] != "--slots") continue;
    arguments[i + 1] = "none";
  }
  const auto refused = parse_worker_arguments(arguments);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::HasSubstr("--slots"));
}

}  // namespace
}  // namespace tune
