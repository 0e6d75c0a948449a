#include "trainables/host/host_main.h"

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "core/text.h"
#include "trainables/host/describe.h"
#include "trainables/host/server.h"

namespace tune {
namespace {

constexpr int kBadUsage = 2;

int usage(const std::string& what) {
  std::fprintf(stderr,
               "tune-host: %s\n"
               "usage: tune-host --describe REF | --fd N [--reuse] [--parent PID]\n"
               "tune starts this program by itself; there is no need to run it.\n",
               what.c_str());
  return kBadUsage;
}

}  // namespace

int host_main(int argc, char** argv, const CompiledIn& compiled_in) {
  std::optional<std::string> describes;
  std::optional<std::int64_t> fd, parent;
  ServerOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--reuse") {
      options.reuse = true;
      continue;
    }
    if (option == "--version") {
      std::printf("tune-host %s\n", TUNE_VERSION);
      return 0;
    }
    if (i + 1 == argc) return usage("unknown option or missing value: " + std::string(option));
    const char* value = argv[++i];
    if (option == "--describe") {
      describes = value;
    } else if (option == "--fd") {
      fd = parse_integer(value);
    } else if (option == "--parent") {
      parent = parse_integer(value);
    } else {
      return usage("unknown option: " + std::string(option));
    }
  }
  if (describes) return describe(*describes, compiled_in);
  if (!fd || *fd < 0) return usage("--fd with a number is needed");
  options.fd = static_cast<int>(*fd);
  options.parent = static_cast<pid_t>(parent.value_or(0));
  return serve(options, compiled_in);
}

}  // namespace tune
