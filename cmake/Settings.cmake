# How our own code is compiled: the language, the warnings, the sanitizers.
option(PIPELINE_TESTS "Build the tests" ON)
option(PIPELINE_BENCH "Build the benchmarks" OFF)
set(PIPELINE_SOURCES_AT_ONCE 1 CACHE STRING "How many sources of a room are compiled as one: a full build is faster then")
set(PIPELINE_DOCUMENTS_URL "https://pipeline.example/docs/" CACHE STRING "Where docs/ can be read, for links in reports")
option(PIPELINE_WERROR "Treat warnings as errors" OFF)
option(PIPELINE_FUZZER "Let libFuzzer drive the fuzz targets; needs clang and PIPELINE_SANITIZE with fuzzer-no-link" OFF)
set(PIPELINE_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(pipeline_warnings INTERFACE)
target_compile_options(pipeline_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused
  -Wno-missing-field-initializers)
if(PIPELINE_WERROR)
  target_compile_options(pipeline_warnings INTERFACE -Werror)
endif()

add_library(pipeline_sanitizers INTERFACE)
if(PIPELINE_SANITIZE)
  target_compile_options(pipeline_sanitizers INTERFACE -fsanitize=${PIPELINE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(pipeline_sanitizers INTERFACE -fsanitize=${PIPELINE_SANITIZE})
  if(PIPELINE_SANITIZE MATCHES "undefined")
    # A null pointer that is used ends in a report of AddressSanitizer too; these two double the time to compile.
    target_compile_options(pipeline_sanitizers INTERFACE -fno-sanitize=null,alignment)
  endif()
  # g++ loses track of values in instrumented code, and says so itself of this one.
  target_compile_options(pipeline_warnings INTERFACE -Wno-maybe-uninitialized)
endif()

function(pipeline_compile_together target)
  if(PIPELINE_SOURCES_AT_ONCE GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${PIPELINE_SOURCES_AT_ONCE})
    # The sources are included then, and g++ takes their anonymous namespaces for those of headers.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# A room: one static library, named as its folder, included from the root ("base/result.h").
function(pipeline_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBRARIES;PRECOMPILE" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name}
    PUBLIC ${ROOM_ROOMS} pipeline_sanitizers
    PRIVATE pipeline_warnings ${ROOM_LIBRARIES})
  pipeline_compile_together(${name})
  if(ROOM_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${ROOM_PRECOMPILE})
  endif()
endfunction()
