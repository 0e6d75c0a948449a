#include "core/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace tune {
namespace {

std::pair<Channel, Channel> connected() {
  Result<std::pair<Channel, Channel>> ends = Channel::pair();
  EXPECT_TRUE(ends);
  return std::move(*ends);
}

/// A frame of about that many bytes.
Frame large(std::size_t size, std::int64_t slot = 1) { return Spawned{slot, 2, std::string(size, 'x')}; }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(Fd, ClosesItself) {
  int raw = -1;
  {
    Fd fd(::dup(0));
    raw = fd.get();
    Fd other = std::move(fd);
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(raw));
    Fd third(::dup(0));
    const int replaced = third.get();
    third = std::move(other);
    EXPECT_FALSE(is_open(replaced));
    EXPECT_EQ(third.get(), raw);
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(Channel, CarriesFramesInOrder) {
  auto [a, b] = connected();
  for (std::int64_t i = 0; i < 100; ++i) ASSERT_TRUE(a.send(Spawned{i, 0, "x"}));
  for (std::int64_t i = 0; i < 100; ++i) EXPECT_EQ((*b.receive())->frame, Frame(Spawned{i, 0, "x"}));
}

TEST(Channel, IsClosedInChildrenThatExec) {
  auto [a, b] = connected();
  EXPECT_TRUE(::fcntl(a.fd(), F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(::fcntl(b.fd(), F_GETFD) & FD_CLOEXEC);
}

TEST(Channel, CarriesDescriptors) {
  auto [a, b] = connected();
  const Fd file = make_memfd("hello").value();
  const Fd other = make_memfd("other").value();
  ASSERT_TRUE(a.send(Quit{}));
  ASSERT_TRUE(a.send(Spawned{1, 2, ""}, {file.get(), other.get()}));
  ASSERT_TRUE(a.send(Spawned{2, 2, ""}, {other.get()}));
  EXPECT_TRUE((*b.receive())->descriptors.empty());
  const auto received = b.receive().value();
  ASSERT_EQ(received->descriptors.size(), 2u);
  EXPECT_EQ(read_memfd(received->descriptors[0].get(), 5), "hello");
  EXPECT_EQ(read_memfd(received->descriptors[1].get(), 5), "other");
  EXPECT_TRUE(::fcntl(received->descriptors[0].get(), F_GETFD) & FD_CLOEXEC);
  EXPECT_EQ((*b.receive())->descriptors.size(), 1u);
}

TEST(Channel, CarriesLargeFramesWithDescriptors) {
  auto [a, b] = connected();
  const Fd file = make_memfd("hello").value();
  std::thread sender([&sent_from = a, &file] {
    EXPECT_TRUE(sent_from.send(large(8u << 20), {file.get()}));
    EXPECT_TRUE(sent_from.send(large(1u << 20, 2)));
  });
  const auto first = b.receive().value();
  EXPECT_EQ(first->frame, large(8u << 20));
  ASSERT_EQ(first->descriptors.size(), 1u);
  EXPECT_EQ(read_memfd(first->descriptors[0].get(), 5), "hello");
  EXPECT_EQ((*b.receive())->frame, large(1u << 20, 2));
  sender.join();
}

TEST(Channel, RefusesAFrameThatIsTooLarge) {
  auto [a, b] = connected();
  EXPECT_EQ(a.send(large(kMaxFrame)).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(a.queue(large(kMaxFrame)).error().code, ErrorCode::kBadInput);
  ASSERT_TRUE(a.send(Quit{}));  // nothing of it was sent
  EXPECT_EQ((*b.receive())->frame, Frame(Quit{}));
}

TEST(Channel, EndsWhenThePeerIsGone) {
  auto [a, b] = connected();
  ASSERT_TRUE(a.send(Quit{}));
  a.take_fd().reset();
  EXPECT_TRUE(b.receive()->has_value());
  EXPECT_FALSE(b.receive()->has_value());
  EXPECT_FALSE(b.fill().value());
}

TEST(Channel, ReportsAGonePeerWithoutASignal) {
  auto [a, b] = connected();
  b.take_fd().reset();
  const Result<void> sent = a.send(Quit{});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kIo);
  EXPECT_EQ(a.queue(Quit{}).error().code, ErrorCode::kIo);
}

TEST(Channel, EndsWhenThePeerLeavesAFrameUnfinished) {
  auto [a, b] = connected();
  std::string bytes;
  encode_frame(bytes, large(100));
  ASSERT_EQ(::send(a.fd(), bytes.data(), 50, 0), 50);
  a.take_fd().reset();
  EXPECT_FALSE(b.receive()->has_value());
}

// The peer closes while something of ours is still unread there: Linux then says ECONNRESET instead of end.
TEST(Channel, EndsWhenThePeerLeavesOurFramesUnread) {
  auto [a, b] = connected();
  ASSERT_TRUE(a.send(Quit{}));
  b.take_fd().reset();
  const auto end = a.receive();
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->has_value());
}

TEST(Channel, PutsFramesTogetherFromSingleBytes) {
  auto [a, b] = connected();
  std::string bytes;
  encode_frame(bytes, Spawned{1, 2, "x"});
  encode_frame(bytes, Quit{});
  int frames = 0;
  for (char byte : bytes) {
    ASSERT_EQ(::send(a.fd(), &byte, 1, 0), 1);
    ASSERT_TRUE(b.fill().value());
    while (b.next().value()) ++frames;
  }
  EXPECT_EQ(frames, 2);
}

TEST(Channel, FillsWithoutWaiting) {
  auto [a, b] = connected();
  EXPECT_TRUE(b.fill().value());
  EXPECT_FALSE(b.next().value().has_value());
}

TEST(Channel, QueuesWhatAFullSocketDoesNotTake) {
  auto [a, b] = connected();
  const Fd file = make_memfd("hello").value();
  std::int64_t queued = 0;
  while (queued < 1000) {
    std::vector<Fd> descriptors;
    descriptors.emplace_back(::dup(file.get()));
    const Result<bool> sent = a.queue(large(64u << 10, queued++), std::move(descriptors));
    ASSERT_TRUE(sent);
    if (!*sent) break;
  }
  EXPECT_TRUE(a.has_unsent());
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(a.queue(large(64u << 10, queued++)).value());
  std::int64_t got = 0;
  while (got < queued) {
    ASSERT_TRUE(b.fill().value());
    while (auto frame = b.next().value()) {
      EXPECT_EQ(std::get<Spawned>(frame->frame).slot, got);
      EXPECT_EQ(frame->descriptors.size(), got < queued - 20 ? 1u : 0u);
      ++got;
    }
    ASSERT_TRUE(a.flush());
  }
  EXPECT_FALSE(a.has_unsent());
}

TEST(Channel, SendsWhatWasQueuedFirst) {
  auto [a, b] = connected();
  std::int64_t queued = 0;
  while (a.queue(large(64u << 10, queued++)).value()) {
  }
  std::thread sender([&sent_from = a, queued] { EXPECT_TRUE(sent_from.send(Spawned{queued, 0, ""})); });
  for (std::int64_t i = 0; i <= queued; ++i) EXPECT_EQ(std::get<Spawned>((*b.receive())->frame).slot, i);
  sender.join();
}

TEST(Channel, WorksOnANonBlockingSocket) {
  auto [a, b] = connected();
  for (const Channel* end : {&a, &b}) ASSERT_EQ(::fcntl(end->fd(), F_SETFL, O_NONBLOCK), 0);
  std::thread sender([&sent_from = a] {
    for (std::int64_t i = 0; i < 10; ++i) EXPECT_TRUE(sent_from.send(large(200u << 10, i)));
  });
  for (std::int64_t i = 0; i < 10; ++i) EXPECT_EQ((*b.receive())->frame, large(200u << 10, i));
  sender.join();
}

TEST(Channel, RefusesDamagedFrames) {
  auto [a, b] = connected();
  ASSERT_EQ(::send(a.fd(), "\xFF\xFF\xFF\xFF", 4, 0), 4);
  EXPECT_EQ(b.receive().error().code, ErrorCode::kDamaged);
}

TEST(Channel, RefusesDescriptorsThatDidNotCome) {
  auto [a, b] = connected();
  std::string bytes;
  encode_frame(bytes, Quit{}, 1);
  ASSERT_EQ(::send(a.fd(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(b.receive().error().code, ErrorCode::kDamaged);
}

TEST(Memfd, KeepsItsBytesSealed) {
  const std::string bytes("a\0b", 3);
  const Fd fd = make_memfd(bytes).value();
  EXPECT_EQ(read_memfd(fd.get(), 3), bytes);
  EXPECT_EQ(read_memfd(fd.get(), 3), bytes);  // reading moves nothing
  EXPECT_EQ(::pwrite(fd.get(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(fd.get(), 0), -1);
  EXPECT_TRUE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(Memfd, MayBeEmpty) {
  const Fd fd = make_memfd("").value();
  EXPECT_EQ(read_memfd(fd.get(), 0), "");
}

TEST(Memfd, IsDamagedWhenShorterThanAnnounced) {
  const Fd fd = make_memfd("abc").value();
  EXPECT_EQ(read_memfd(fd.get(), 4).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(read_memfd(fd.get(), UINT64_MAX).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(read_memfd(-1, 1).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tune
