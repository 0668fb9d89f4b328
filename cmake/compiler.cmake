# Warnings and sanitizers, the same for every target of ours.
add_library(postrider_options INTERFACE)
target_include_directories(postrider_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(postrider_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual)
# An abort inside of a database server ends every session: not in what is installed.
if(POSTRIDER_ASSERTIONS)
  target_compile_definitions(postrider_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(POSTRIDER_WERROR)
  target_compile_options(postrider_options INTERFACE -Werror)
endif()
if(POSTRIDER_SANITIZE)
  add_compile_options(-fsanitize=${POSTRIDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_compile_definitions(postrider_options INTERFACE POSTRIDER_SANITIZED)
  add_link_options(-fsanitize=${POSTRIDER_SANITIZE})
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
