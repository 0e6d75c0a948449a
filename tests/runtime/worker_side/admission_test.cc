// The controller's door where the system has no descriptor left.

#include "core/runtime/admission.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstring>

#include "core/channel.h"
#include "tests/trainables/scratch_directory.h"

namespace tune {
namespace {

using testing::ScratchDirectory;

/// No further descriptor for this process while it lives.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

Fd connect(const std::string& path) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return socket;
}

TEST(Admission, WithoutADescriptorLetsPeopleWaitAndDoesNotSpin) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan opens a pipe to look at an object, and takes one that it cannot look at for broken";
#endif
  const ScratchDirectory folder;
  boost::asio::io_context io;
  Admission admission(io, {}, [](const std::shared_ptr<Link>&, const wire::Hello&, std::uint64_t) {});
  ASSERT_TRUE(admission.listen(folder / "door"));
  const Fd knocks = connect(folder / "door");
  {
    const NoDescriptorsLeft none;
    int turns = 0;
    while (turns < 100 && io.poll_one() > 0) ++turns;
    EXPECT_LT(turns, 10);
  }
  // A frame longer than any that may come before Hello: whoever sends it is let in, and put out.
  ASSERT_EQ(::send(knocks.get(), "\xff\xff\xff\xff", 4, 0), 4);
  char answer;
  ssize_t got = -1;
  for (int turn = 0; turn < 100 && got < 0; ++turn) {
    io.run_one_for(std::chrono::seconds(1));
    got = ::recv(knocks.get(), &answer, 1, 0);
  }
  EXPECT_GE(got, 0);
}

}  // namespace
}  // namespace tune
