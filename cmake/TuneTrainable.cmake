# tune_add_trainable(name source...): a library of trainables, lib<name>.so, for `trainable: ./lib<name>.so:Class`. Used
# by this project for its own and, installed with the package `tune`, by everybody else. Link to it what the sources
# need: target_link_libraries(name PRIVATE ...).
function(tune_add_trainable name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE tune::trainable)
  # Only tune_library_v1 is exported: two libraries in one process never meet.
  set_target_properties(${name} PROPERTIES PREFIX lib CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                                           INSTALL_RPATH_USE_LINK_PATH ON)
endfunction()
