#pragma once

// Checkpoints that are files. What a trial saves is a stream of bytes; these make one from a file or a directory, where
// a third party's library wants to write those itself, and go back:
//
//   const std::string state = trial.directory() + "/state";
//   if (auto bytes = trial.checkpoint()) tune::restore_directory(*bytes, state);
//   trial.report({{"loss", train(state)}}, tune::directory(state));
//
// A directory travels as a tar archive (POSIX ustar): regular files and directories; a link or a device is an error.
// All throw std::runtime_error with the path, which fails the trial. Threads: any, on different paths.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tune {

/// Saves the bytes of a file as they are when the checkpoint is due.
inline std::function<void(std::ostream&)> file(std::string path) {
  return [path = std::move(path)](std::ostream& out) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    std::vector<char> block(1 << 16);
    while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
      out.write(block.data(), in.gcount());
    }
    if (in.bad()) throw std::runtime_error("cannot read " + path);
  };
}

/// Writes the bytes of a checkpoint to a file.
inline void restore_file(std::string_view bytes, const std::string& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

namespace tar {

inline constexpr std::size_t kBlock = 512;

/// A header block. `name`: relative, up to 255 bytes where it can be split at a '/'.
inline std::string header(std::string name, char type, std::uintmax_t size, unsigned mode) {
  std::string prefix;
  if (name.size() > 100) {
    const std::size_t cut = name.find('/', name.size() - 101);
    if (cut == std::string::npos || cut > 155) throw std::runtime_error("name too long for a checkpoint: " + name);
    prefix = name.substr(0, cut);
    name.erase(0, cut + 1);
  }
  if (size >= (std::uintmax_t{1} << 33)) throw std::runtime_error("file too large for a checkpoint: " + name);
  std::string block(kBlock, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  const auto octal = [](std::uintmax_t value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
    return std::string(text);
  };
  put(0, name);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(0, 11));
  put(148, "        ");
  block[156] = type;
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(345, prefix);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + '\0');
  return block;
}

inline std::uintmax_t number(std::string_view field) {
  std::uintmax_t value = 0;
  for (const char c : field) {
    if (c >= '0' && c <= '7')
      value = value * 8 + static_cast<std::uintmax_t>(c - '0');
    else if (c == '\0')
      break;
  }
  return value;
}

inline std::string text(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }

}  // namespace tar

/// Saves a directory with all that is in it.
inline std::function<void(std::ostream&)> directory(std::string path) {
  return [path = std::move(path)](std::ostream& out) {
    namespace fs = std::filesystem;
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      entries.push_back(*it);
    }
    if (error) throw std::runtime_error("cannot read " + path + ": " + error.message());
    std::sort(entries.begin(), entries.end());  // equal directories make equal bytes
    for (const fs::directory_entry& entry : entries) {
      const std::string name = entry.path().lexically_relative(path).generic_string();
      if (entry.is_symlink() || (!entry.is_directory() && !entry.is_regular_file())) {
        throw std::runtime_error("neither file nor directory: " + entry.path().string());
      }
      if (entry.is_directory()) {
        out << tar::header(name + "/", '5', 0, 0755);
        continue;
      }
      const std::uintmax_t size = entry.file_size();
      out << tar::header(name, '0', size,
                         (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none ? 0755 : 0644);
      std::ifstream in(entry.path(), std::ios::binary);
      std::vector<char> block(1 << 16);
      std::uintmax_t left = size;
      while (left > 0) {
        const std::uintmax_t want = std::min<std::uintmax_t>(left, block.size());
        if (!in.read(block.data(), static_cast<std::streamsize>(want))) {
          throw std::runtime_error("cannot read " + entry.path().string());
        }
        out.write(block.data(), static_cast<std::streamsize>(want));
        left -= want;
      }
      out << std::string((tar::kBlock - size % tar::kBlock) % tar::kBlock, '\0');
    }
    out << std::string(2 * tar::kBlock, '\0');
  };
}

/// Writes the files of an archive into a directory, which is made; names that lead out of it are refused.
inline void restore_directory(std::string_view bytes, const std::string& path) {
  namespace fs = std::filesystem;
  fs::create_directories(path);
  for (std::size_t at = 0; at + tar::kBlock <= bytes.size() && bytes[at] != '\0';) {
    const std::string_view block = bytes.substr(at, tar::kBlock);
    if (block.substr(257, 5) != "ustar") throw std::runtime_error("the checkpoint is no archive of a directory");
    const std::string prefix = tar::text(block.substr(345, 155));
    const std::string name = (prefix.empty() ? "" : prefix + "/") + tar::text(block.substr(0, 100));
    const std::uintmax_t size = tar::number(block.substr(124, 12));
    at += tar::kBlock;
    if (size > bytes.size() - at) throw std::runtime_error("the checkpoint ends inside " + name);
    const fs::path relative = fs::path(name).lexically_normal();
    if (relative.is_absolute() || (!relative.empty() && *relative.begin() == "..")) {
      throw std::runtime_error("the checkpoint names a file outside: " + name);
    }
    const fs::path target = fs::path(path) / relative;
    if (block[156] == '5') {
      fs::create_directories(target);
    } else if (block[156] == '0' || block[156] == '\0') {
      fs::create_directories(target.parent_path());
      restore_file(bytes.substr(at, size), target.string());
      if ((tar::number(block.substr(100, 8)) & 0100) != 0) {
        fs::permissions(target, fs::perms::owner_exec, fs::perm_options::add);
      }
    }
    at += (size + tar::kBlock - 1) / tar::kBlock * tar::kBlock;
  }
}

}  // namespace tune
