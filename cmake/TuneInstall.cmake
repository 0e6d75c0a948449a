# What `cmake --install` puts under a prefix. The program finds trainables that come with it in ../lib/tune, seen from
# its own folder, so the prefix may be moved as a whole.
#
#   bin/tune, bin/tune-host     lib/tune/libtune_<name>.so     share/tune/gallery
#   include/tune/*.h            lib/libtune.so                 lib/cmake/tune
#   share/tune/data (sources and licence of the data inside)
#
# The build tree is a package too: find_package(tune PATHS <build folder>).

include(CMakePackageConfigHelpers)

if(TARGET tune)
  install(TARGETS tune RUNTIME DESTINATION bin)
endif()
foreach(name iris digits)
  if(TARGET tune_${name})
    install(TARGETS tune_${name} LIBRARY DESTINATION lib/tune)
  endif()
endforeach()

if(TARGET tune_trainable)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/trainables/include/tune DESTINATION include FILES_MATCHING PATTERN "*.h")
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/tune/api/include/tune DESTINATION include FILES_MATCHING PATTERN "*.h")
  install(TARGETS tune_trainable tune_api EXPORT tuneTargets LIBRARY DESTINATION lib)
  export(EXPORT tuneTargets NAMESPACE tune:: FILE ${PROJECT_BINARY_DIR}/tuneTargets.cmake)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/TuneTrainable.cmake ${PROJECT_BINARY_DIR}/TuneTrainable.cmake COPYONLY)
  install(EXPORT tuneTargets NAMESPACE tune:: DESTINATION lib/cmake/tune)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tuneConfig.cmake.in ${PROJECT_BINARY_DIR}/tuneConfig.cmake
                                INSTALL_DESTINATION lib/cmake/tune)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/tuneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/tuneConfig.cmake ${PROJECT_BINARY_DIR}/tuneConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/TuneTrainable.cmake
          DESTINATION lib/cmake/tune)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments/gallery/ DESTINATION share/tune/gallery
          FILES_MATCHING PATTERN "*.yaml" PATTERN "*.py" PATTERN "*.c" PATTERN "*.cc" PATTERN "README.md"
                         PATTERN "__pycache__" EXCLUDE)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/trainables/data/ DESTINATION share/tune/data)
endif()
