# What every target of this project is built with. A room is one library target; its link edges are its permitted
# includes (scripts/check_layers holds the code against them).

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/tune)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(TUNE_OPTIMISE -O2 CACHE STRING "The level of optimisation of a release build")
option(TUNE_HARDEN "Release builds hold a stack or a container that is overrun, at a few percent of speed" ON)
set(CMAKE_CXX_FLAGS_RELEASE "${TUNE_OPTIMISE} -DNDEBUG")

find_program(TUNE_CCACHE ccache)
if(TUNE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TUNE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${TUNE_CCACHE})
endif()

add_library(tune_flags INTERFACE)
target_compile_options(tune_flags INTERFACE -Wall -Wextra -Werror -ffp-contract=off)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  if(TUNE_HARDEN)
    target_compile_options(tune_flags INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    target_compile_definitions(tune_flags INTERFACE _GLIBCXX_ASSERTIONS)
    target_link_options(tune_flags INTERFACE -Wl,-z,relro,-z,now)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Optimised, GCC 12 warns of its own std::string and std::variant (PR 105651, PR 105593).
    target_compile_options(tune_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
  endif()
endif()
if(TUNE_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(tune_flags INTERFACE -Wno-tsan)  # Asio's fences, of which GCC warns that it does not follow them
endif()
if(TUNE_SANITIZE)
  target_compile_options(tune_flags INTERFACE -fsanitize=${TUNE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(tune_flags INTERFACE -fsanitize=${TUNE_SANITIZE})
endif()

# tune_room(NAME target SOURCES ... USES ...): a static library; USES are the rooms and packages it may include.
function(tune_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ROOM_USES} PRIVATE tune_flags ${ROOM_PRIVATE_USES})
endfunction()

# tune_test(NAME target SOURCES ... USES ...): one gtest program; each TEST is one ctest, but in the preset brain two halves.
function(tune_test name)
  cmake_parse_arguments(T "" "" "SOURCES;USES;PROPERTIES" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE tune_flags ${T_USES} GTest::gtest GTest::gmock GTest::gtest_main)
  if(TUNE_BRAIN)  # a thousand programs of a millisecond each would take most of their time to start
    foreach(half 0 1)
      add_test(NAME ${name}.${half} COMMAND ${name})
      set_tests_properties(${name}.${half} PROPERTIES TIMEOUT 1200
        ENVIRONMENT "GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=${half}" ${T_PROPERTIES})
    endforeach()
  else()
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 ${T_PROPERTIES})
  endif()
endfunction()
