# Warnings and sanitizers, the same for every target of ours.
add_library(postrider_options INTERFACE)
target_include_directories(postrider_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(postrider_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual)
target_compile_definitions(postrider_options INTERFACE _GLIBCXX_ASSERTIONS)
if(POSTRIDER_WERROR)
  target_compile_options(postrider_options INTERFACE -Werror)
endif()
if(POSTRIDER_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What gcc 12's optimiser says of instrumented code is often false; the optimised build is held to these warnings.
    add_compile_options(-Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict)
  endif()
  add_compile_options(-fsanitize=${POSTRIDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # These two take as long to compile as everything else. AddressSanitizer reports what goes through null, and the
    # fuzzers' build, with clang, has both for the code that reads foreign bytes.
    add_compile_options(-fno-sanitize=null,alignment)
  endif()
  add_link_options(-fsanitize=${POSTRIDER_SANITIZE})
endif()
if(POSTRIDER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
