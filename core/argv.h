#pragma once

// Arguments or an environment as execve and its like take them.

#include <string>
#include <vector>

namespace tune {

/// Points into `texts`, which must outlive it and stay as they are, and ends with a null. exec changes none of them.
inline std::vector<char*> argv_of(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

}  // namespace tune
