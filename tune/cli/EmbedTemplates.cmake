# cmake -DFOLDER=<templates> -DOUTPUT=<file.cc> -P EmbedTemplates.cmake: the files of FOLDER as a C++ source.
file(GLOB_RECURSE files LIST_DIRECTORIES false RELATIVE ${FOLDER} ${FOLDER}/*)
list(FILTER files EXCLUDE REGEX "__pycache__|~$")
list(SORT files)
set(source "// Made from tune/cli/templates.\n#include \"tune/cli/templates.h\"\n
const std::vector<tune::cli::TemplateFile>& tune::cli::template_files() {
  static const std::vector<TemplateFile> kFiles = {\n")
foreach(file ${files})
  cmake_path(GET file PARENT_PATH template)
  cmake_path(GET file FILENAME name)
  file(READ ${FOLDER}/${file} content)
  string(APPEND source "{\"${template}\", \"${name}\", R\"file!!(${content})file!!\"},\n")
endforeach()
string(APPEND source "  };\n  return kFiles;\n}\n")
file(WRITE ${OUTPUT} "${source}")
