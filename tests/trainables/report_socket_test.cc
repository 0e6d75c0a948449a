#include "trainables/command/report_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/trainables/scratch_directory.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tune::testing::ScratchDirectory;

class TheReportSocket : public ::testing::Test {
 protected:
  TheReportSocket() : server(ReportSocket::listen(path).value()) {}

  std::future<Result<ReportVerdict>> send(const std::string& json) {
    return std::async(std::launch::async, [this, json] { return send_report(path, json); });
  }
  /// Serves until so many lines have come.
  void serve(std::size_t count) {
    while (lines.size() < count) {
      std::vector<pollfd> waiting;
      for (const int fd : server.descriptors()) waiting.push_back({fd, POLLIN, 0});
      ASSERT_GT(poll(waiting.data(), waiting.size(), 60000), 0);
      server.serve([this](std::string_view line) {
        lines.emplace_back(line);
        return answer;
      });
    }
  }
  Fd connect() const {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  ScratchDirectory scratch;
  std::string path = scratch / "report.sock";
  ReportSocket server;
  std::string answer = report_answer(ReportVerdict::kGoOn);
  std::vector<std::string> lines;
};

TEST_F(TheReportSocket, CarriesAReportAndItsAnswer) {
  auto going_on = send(R"({"loss":1})");
  serve(1);
  EXPECT_EQ(going_on.get(), ReportVerdict::kGoOn);
  answer = report_answer(ReportVerdict::kLeave);
  auto leaving = send(R"({"loss":2})");
  serve(2);
  EXPECT_EQ(leaving.get(), ReportVerdict::kLeave);
  answer = report_refusal("no 'loss'");
  auto refused = send(R"({"los":3})");
  serve(3);
  EXPECT_EQ(refused.get().error(), (Error{ErrorCode::kBadInput, "no 'loss'", ""}));
  EXPECT_THAT(lines, ElementsAre(R"({"loss":1})", R"({"loss":2})", R"({"los":3})"));
}

TEST_F(TheReportSocket, RestsWhereNoMoreFilesMayBeOpened) {
  auto going_on = send(R"({"loss":1})");
  pollfd knock{server.descriptors().front(), POLLIN, 0};
  ASSERT_EQ(poll(&knock, 1, 60000), 1);
  const auto serve_once = [&] {
    server.serve([this](std::string_view line) {
      lines.emplace_back(line);
      return answer;
    });
  };
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = Fd(::dup(knock.fd)).get();
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  serve_once();
  const std::vector<int> watched = server.descriptors();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_THAT(watched, ElementsAre());  // or it would wake its owner again and again
  serve_once();
  EXPECT_THAT(server.descriptors(), ::testing::Contains(knock.fd));
  if (lines.empty()) serve(1);
  EXPECT_EQ(going_on.get(), ReportVerdict::kGoOn);
}

TEST_F(TheReportSocket, IsForItsUserAlone) {
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(TheReportSocket, WaitsForNobodyWhoSaysNothing) {
  const Fd silent = connect(), half = connect();
  ASSERT_EQ(::send(half.get(), "{\"lo", 4, 0), 4);
  auto other = send("{}");
  serve(1);
  EXPECT_EQ(other.get(), ReportVerdict::kGoOn);
  ASSERT_EQ(::send(half.get(), "ss\":1}\n", 7, 0), 7);
  serve(2);
  EXPECT_EQ(lines.back(), R"({"loss":1})");
}

TEST_F(TheReportSocket, AnswersALineThatEndsWithItsConnection) {
  const Fd client = connect();
  ASSERT_EQ(::send(client.get(), "{\"loss\":1}", 10, 0), 10);
  ::shutdown(client.get(), SHUT_WR);
  serve(1);
  EXPECT_THAT(lines, ElementsAre(R"({"loss":1})"));
}

TEST_F(TheReportSocket, ForgetsWhoHasGone) {
  for (int i = 0; i < 200; ++i) connect();
  auto other = send("{}");
  serve(1);
  EXPECT_EQ(other.get(), ReportVerdict::kGoOn);
  EXPECT_EQ(server.descriptors().size(), 1u);
}

TEST_F(TheReportSocket, SaysWhenNobodyListens) {
  EXPECT_EQ(send_report(scratch / "none", "{}").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(send_report(path, std::string(2 << 20, 'x')).error().code, ErrorCode::kBadInput);
  auto unheard = send("{}");
  pollfd waiting{server.descriptors().front(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 60000), 1);
  server = ReportSocket();
  EXPECT_EQ(unheard.get().error().code, ErrorCode::kNotFound);
}

TEST(ReportSocket, HasAPathOfAnyLength) {
  ScratchDirectory scratch;
  const std::string folder = scratch / std::string(100, 'a') + "/" + std::string(100, 'b');
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/report.sock";
  ReportSocket server = ReportSocket::listen(path).value();
  auto sent = std::async(std::launch::async, [&] { return send_report(path, "{}"); });
  pollfd waiting{server.descriptors().front(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 60000), 1);
  bool served = false;
  while (!served) {
    server.serve([&](std::string_view) { return served = true, report_answer(ReportVerdict::kGoOn); });
  }
  EXPECT_EQ(sent.get(), ReportVerdict::kGoOn);
  EXPECT_EQ(ReportSocket::listen(scratch / "no/such/folder/s").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tune
