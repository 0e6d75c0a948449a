#pragma once

// The projects that `tune init` writes: the files below tune/cli/templates, built into the program.

#include <string_view>
#include <vector>

namespace tune::cli {

struct TemplateFile {
  std::string_view template_name, name, content;
};

/// All files of all templates, by template and name.
const std::vector<TemplateFile>& template_files();

}  // namespace tune::cli
