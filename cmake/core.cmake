# One static library per folder of common/, made from common/sources.list. What a folder's library links is what its
# files may include (rule 3 of CONTRIBUTING); tests/lint/check_layers.py holds the includes to the same list.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS common/sources.list)
file(STRINGS common/sources.list core_sources REGEX "^[^#]")
set(core_folders)
foreach(source ${core_sources})
  string(REGEX REPLACE "^common/([a-z_]+)/.*$" "\\1" folder ${source})
  list(APPEND core_folders ${folder})
  list(APPEND core_${folder}_sources ${source})
endforeach()
list(REMOVE_DUPLICATES core_folders)

# Functions that planted faults of the simulation replace: --wrap takes only calls from other object files.
set_source_files_properties(common/engine/filtered_operation.cpp common/engine/introspect.cpp
  common/engine/join_parked.cpp common/engine/lane_streams.cpp common/engine/load.cpp
  PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

add_library(postrider_core INTERFACE)
foreach(folder ${core_folders})
  add_library(postrider_${folder} STATIC ${core_${folder}_sources})
  target_link_libraries(postrider_${folder} PUBLIC postrider_options)
  # The core's headers take most of the compiler's time.
  set_target_properties(postrider_${folder} PROPERTIES UNITY_BUILD_BATCH_SIZE 20)
  if(POSTRIDER_FUZZ)
    target_compile_options(postrider_${folder} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  # The network process alone is linked with libcurl: no host's process is.
  if(NOT folder STREQUAL "network")
    target_link_libraries(postrider_core INTERFACE postrider_${folder})
  endif()
endforeach()

# core_uses(folder library…): only for folders that exist already.
function(core_uses folder)
  if(TARGET postrider_${folder})
    foreach(library ${ARGN})
      if(TARGET ${library} OR library MATCHES "^PkgConfig::|^Threads::")
        target_link_libraries(postrider_${folder} PUBLIC ${library})
      endif()
    endforeach()
  endif()
endfunction()
core_uses(model postrider_base)
core_uses(crypto postrider_base PkgConfig::sodium)
core_uses(wire postrider_model postrider_crypto PkgConfig::cbor PkgConfig::zstd PkgConfig::zlib)
core_uses(mail postrider_wire)
core_uses(stream postrider_base)
core_uses(task postrider_model)
core_uses(dialect postrider_model)
core_uses(engine postrider_wire postrider_mail postrider_stream postrider_task postrider_dialect)
core_uses(vault postrider_engine)
core_uses(transport postrider_engine postrider_mail postrider_vault)
core_uses(network postrider_transport PkgConfig::curl Threads::Threads)
if(TARGET postrider_network)
  target_link_libraries(postrider_network PUBLIC resolv) # a part of libc since glibc 2.34
endif()
