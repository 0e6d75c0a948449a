#include "trainables/command/archive.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;

// Fields of a ustar header: offset, size.
struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 8};
constexpr std::uint64_t kMaxSize = (1ull << 33) - 1;  // eleven octal digits

using Header = std::array<char, kBlock>;

void put(Header& header, Field field, std::string_view text) {
  std::memcpy(header.data() + field.at, text.data(), std::min(text.size(), field.size));
}

void put_octal(Header& header, Field field, std::uint64_t value) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%0*llo", static_cast<int>(field.size - 1),
                static_cast<unsigned long long>(value));
  put(header, field, digits);
}

unsigned checksum(const Header& header) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.at && i < kChecksum.at + kChecksum.size;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

void add_padded(std::string& out, std::string_view content) {
  out += content;
  out.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

void add_header(std::string& out, char type, std::string_view name, std::string_view link, unsigned mode,
                std::uint64_t size) {
  Header header{};
  put(header, kName, name);
  put_octal(header, kMode, mode);
  put_octal(header, kUid, 0);
  put_octal(header, kGid, 0);
  put_octal(header, kSize, size);
  put_octal(header, kTime, 0);
  header[kType.at] = type;
  put(header, kLink, link);
  put(header, kMagic, std::string_view("ustar\00000", 8));
  char sum[8];
  std::snprintf(sum, sizeof sum, "%06o", checksum(header));
  put(header, kChecksum, std::string_view(sum, 7));
  header[kChecksum.at + 7] = ' ';
  out.append(header.data(), kBlock);
}

/// "27 path=some/long/name\n", whose number counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t size = rest + 1;
  while (std::to_string(size).size() + rest != size) ++size;
  return std::to_string(size) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

void add_entry(std::string& out, char type, const std::string& name, const std::string& link, unsigned mode,
               std::string_view content) {
  std::string records;
  if (name.size() > kName.size) records += pax_record("path", name);
  if (link.size() > kLink.size) records += pax_record("linkpath", link);
  if (!records.empty()) {
    add_header(out, 'x', "pax", "", 0644, records.size());
    add_padded(out, records);
  }
  add_header(out, type, name, link, mode, content.size());
  add_padded(out, content);
}

struct Entry {
  char type = '0';
  std::string name, link;
  unsigned mode = 0644;
  std::string_view content;
};

tl::unexpected<Error> damaged(const std::string& what) { return fail(ErrorCode::kDamaged, "the checkpoint " + what); }

/// The members of an archive, one after the other.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  /// Nothing at the end.
  Result<std::optional<Entry>> next() {
    std::string path, link;
    for (;;) {
      if (rest_.size() < kBlock) return damaged("is cut off");
      Header header;
      std::memcpy(header.data(), rest_.data(), kBlock);
      if (std::all_of(header.begin(), header.end(), [](char c) { return c == 0; })) return std::nullopt;
      const auto sum = octal(header, kChecksum);
      const auto size = octal(header, kSize);
      const auto mode = octal(header, kMode);
      if (!sum || *sum != checksum(header) || !size || !mode) return damaged("is no archive of a directory");
      rest_.remove_prefix(kBlock);
      if (*size > rest_.size()) return damaged("is cut off");
      const std::string_view content = rest_.substr(0, *size);
      rest_.remove_prefix(std::min<std::size_t>((*size + kBlock - 1) / kBlock * kBlock, rest_.size()));
      if (header[kType.at] == 'x') {
        read_pax(content, path, link);
        continue;
      }
      return Entry{.type = header[kType.at] == '\0' ? '0' : header[kType.at],
                   .name = path.empty() ? text(header, kName) : path,
                   .link = link.empty() ? text(header, kLink) : link,
                   .mode = static_cast<unsigned>(*mode & 0777),
                   .content = content};
    }
  }

 private:
  static std::string text(const Header& header, Field field) {
    const char* begin = header.data() + field.at;
    return std::string(begin, strnlen(begin, field.size));
  }

  static std::optional<std::uint64_t> octal(const Header& header, Field field) {
    std::uint64_t value = 0;
    std::size_t i = 0;
    for (; i < field.size && header[field.at + i] >= '0' && header[field.at + i] <= '7'; ++i) {
      value = value * 8 + static_cast<std::uint64_t>(header[field.at + i] - '0');
    }
    return i > 0 ? std::optional(value) : std::nullopt;
  }

  static void read_pax(std::string_view records, std::string& path, std::string& link) {
    while (!records.empty()) {
      const std::size_t space = records.find(' ');
      const std::size_t equals = records.find('=');
      const std::size_t size =
          std::strtoull(std::string(records.substr(0, std::min<std::size_t>(space, 20))).c_str(), nullptr, 10);
      if (space == std::string_view::npos || equals == std::string_view::npos || equals < space || size <= equals + 1 ||
          size > records.size()) {
        return;
      }
      const std::string_view key = records.substr(space + 1, equals - space - 1);
      const std::string_view value = records.substr(equals + 1, size - equals - 2);
      if (key == "path") path = value;
      if (key == "linkpath") link = value;
      records.remove_prefix(size);
    }
  }

  std::string_view rest_;
};

tl::unexpected<Error> io_error(const std::string& what, const std::string& path, const std::error_code& error) {
  const bool full = error == std::errc::no_space_on_device;
  return fail(full ? ErrorCode::kDiskFull : ErrorCode::kIo, what + " " + path + ": " + error.message());
}

/// Nothing if the file is gone.
Result<std::optional<std::string>> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const std::error_code error(errno, std::generic_category());
    if (error == std::errc::no_such_file_or_directory) return std::nullopt;
    return io_error("cannot read", path.string(), error);
  }
  std::ostringstream content;
  content << in.rdbuf();
  if (in.bad()) return io_error("cannot read", path.string(), std::make_error_code(std::errc::io_error));
  return std::move(content).str();
}

Result<void> write_file(const fs::path& path, const Entry& entry) {
  std::ofstream out(path, std::ios::binary);
  if (out) out.write(entry.content.data(), static_cast<std::streamsize>(entry.content.size()));
  out.close();
  if (!out) return io_error("cannot write", path.string(), std::error_code(errno, std::generic_category()));
  std::error_code ignored;
  fs::permissions(path, static_cast<fs::perms>(entry.mode), ignored);
  return {};
}

bool stays_inside(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && name.find('\0') == std::string::npos && path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
}

/// `path` is `top` or lies below it.
bool is_within(const fs::path& path, const fs::path& top) {
  const auto relative = path.lexically_relative(top);
  return !relative.empty() && *relative.begin() != "..";
}

Result<void> unpack_into(std::string_view bytes, const fs::path& root) {
  Reader reader(bytes);
  std::vector<Entry> links;  // last, so that nothing is written through one
  for (;;) {
    auto entry = reader.next();
    if (!entry) return pass_on(std::move(entry));
    if (!*entry) break;
    if (!stays_inside((*entry)->name)) return damaged("holds the name '" + (*entry)->name + "'");
    const fs::path path = root / (*entry)->name;
    fs::create_directories((*entry)->type == '5' ? path : path.parent_path());
    if ((*entry)->type == '2') links.push_back(**entry);
    if ((*entry)->type != '0') continue;
    if (auto written = write_file(path, **entry); !written) return written;
  }
  for (const Entry& link : links) fs::create_symlink(link.link, root / link.name);
  return {};
}

}  // namespace

Result<std::string> pack_directory(const std::string& directory, const PackOptions& options) {
  std::string out;
  try {
    std::vector<fs::path> paths;
    std::vector<fs::path> only;
    for (const std::string& name : options.only) {
      only.push_back(fs::path(directory) / name);
      if (!stays_inside(name)) return fail(ErrorCode::kNotFound, "'" + name + "' is no name in " + directory);
      if (fs::exists(fs::symlink_status(only.back()))) continue;
      return fail(ErrorCode::kNotFound, "there is no '" + name + "' in " + directory);
    }
    const auto is_wanted = [&](const fs::path& path) {
      return only.empty() || std::ranges::any_of(only, [&](const fs::path& top) { return is_within(path, top); });
    };
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      if (is_wanted(entry.path())) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) {
      const std::string name = path.lexically_relative(directory).string();
      if (std::any_of(options.more.begin(), options.more.end(), [&](const auto& m) { return m.first == name; }))
        continue;
      std::error_code gone;
      const fs::file_status status = fs::symlink_status(path, gone);
      const unsigned mode = static_cast<unsigned>(status.permissions()) & 0777;
      if (fs::is_symlink(status)) {
        add_entry(out, '2', name, fs::read_symlink(path, gone).string(), 0777, "");
      } else if (fs::is_directory(status)) {
        add_entry(out, '5', name + "/", "", mode, "");
      } else if (fs::is_regular_file(status)) {
        const auto too_large = [&] { return fail(ErrorCode::kIo, path.string() + " is larger than 8 GiB"); };
        if (const auto size = fs::file_size(path, gone); !gone && size > kMaxSize) return too_large();  // and not read
        auto content = read_file(path);
        if (!content) return pass_on(std::move(content));
        if (!*content) continue;
        if ((*content)->size() > kMaxSize) return too_large();
        add_entry(out, '0', name, "", mode, **content);
      }
    }
  } catch (const fs::filesystem_error& e) {
    return io_error("cannot read the checkpoint in", directory, e.code());
  }
  for (const auto& [name, content] : options.more) add_entry(out, '0', name, "", 0644, content);
  out.append(2 * kBlock, '\0');
  return out;
}

Result<void> unpack_directory(std::string_view bytes, const std::string& directory) {
  try {
    return unpack_into(bytes, directory);
  } catch (const fs::filesystem_error& e) {
    return io_error("cannot restore the checkpoint in", directory, e.code());
  }
}

}  // namespace tune
