# Where things go when they are installed, and how CMake and pkg-config find them there. Nothing that is written names the folder where it
# was built or installed, so that a copy works wherever it is put.
include(CMakePackageConfigHelpers)

# One export set a component: find_package then names the component that is not installed.
set(spaceca_components core)

get_target_property(type spaceca TYPE)
if(type STREQUAL "STATIC_LIBRARY")
  set(spaceca_is_static TRUE)
  set(license_component dev)
else()
  set(spaceca_is_static FALSE)
  set(license_component runtime)
endif()

if(TARGET spaceca_program)
  install(TARGETS spaceca_program RUNTIME COMPONENT program)
  # systemd looks here on every distribution, whatever the prefix's lib folder is called.
  install(FILES ${PROJECT_SOURCE_DIR}/examples/cli/systemd/spaceca-sweep.service ${PROJECT_SOURCE_DIR}/examples/cli/systemd/spaceca-sweep.timer
    DESTINATION lib/systemd/system COMPONENT program)
endif()

install(TARGETS spaceca EXPORT spaceca-core-targets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE COMPONENT dev
  FILE_SET HEADERS COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT ${license_component})

if(TARGET spaceca_sqlite)
  list(APPEND spaceca_components sqlite)
  install(TARGETS spaceca_sqlite EXPORT spaceca-sqlite-targets
    LIBRARY COMPONENT sqlite NAMELINK_COMPONENT dev
    ARCHIVE COMPONENT dev
    FILE_SET HEADERS COMPONENT dev)
endif()
if(TARGET spaceca_postgres)
  list(APPEND spaceca_components postgres)
  install(TARGETS spaceca_postgres EXPORT spaceca-postgres-targets
    LIBRARY COMPONENT postgres NAMELINK_COMPONENT dev
    ARCHIVE COMPONENT dev
    FILE_SET HEADERS COMPONENT dev)
endif()
if(TARGET spaceca_notify)
  list(APPEND spaceca_components notify)
  install(TARGETS spaceca_notify EXPORT spaceca-notify-targets
    LIBRARY COMPONENT notify NAMELINK_COMPONENT dev
    ARCHIVE COMPONENT dev
    FILE_SET HEADERS COMPONENT dev)
endif()

# --- find_package ---

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/spaceca)
# An archive is linked with the fmt that it was compiled against: the major version is part of each of fmt's names.
math(EXPR fmt_next_major "${fmt_VERSION_MAJOR} + 1")
set(fmt_versions ${fmt_VERSION_MAJOR}...<${fmt_next_major})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/spaceca-config.cmake.in ${PROJECT_BINARY_DIR}/spaceca-config.cmake
  INSTALL_DESTINATION ${config_folder}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/spaceca-config-version.cmake COMPATIBILITY SameMinorVersion)  # while it is 0.x
install(FILES ${PROJECT_BINARY_DIR}/spaceca-config.cmake ${PROJECT_BINARY_DIR}/spaceca-config-version.cmake
  DESTINATION ${config_folder} COMPONENT dev)
foreach(component IN LISTS spaceca_components)
  install(EXPORT spaceca-${component}-targets NAMESPACE spaceca:: DESTINATION ${config_folder} COMPONENT dev)
endforeach()

# --- pkg-config ---

set(pc_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
# lib/pkgconfig lies two below the prefix, lib/x86_64-linux-gnu/pkgconfig three.
file(RELATIVE_PATH pc_to_prefix /prefix/${pc_folder} /prefix)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
cmake_path(APPEND pc_libdir "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND pc_includedir "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
if(spaceca_is_static)
  set(pc_requires_private "libcrypto >= 3.0, fmt")
  set(pc_sqlite_requires_private "sqlite3 >= 3.37, fmt")
  # Not by libpq.pc: what that adds for --static is for a libpq that is an archive too, and distributions do not pack all of it.
  set(pc_postgres_requires_private "libssl >= 3.0, libcrypto >= 3.0, fmt")
  set(pc_postgres_libs_private -lpq)
  set(pc_notify_requires_private "libcrypto >= 3.0, fmt")
  set(pc_notify_libs_private -lcurl)  # not by libcurl.pc, for the same reason
  set(pc_libs_private ${CMAKE_THREAD_LIBS_INIT})
  set(pc_definitions -DSPACECA_STATIC_DEFINE)
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/spaceca.pc.in ${PROJECT_BINARY_DIR}/spaceca.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/spaceca.pc DESTINATION ${pc_folder} COMPONENT dev)
if(TARGET spaceca_sqlite)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/spaceca-sqlite.pc.in ${PROJECT_BINARY_DIR}/spaceca-sqlite.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/spaceca-sqlite.pc DESTINATION ${pc_folder} COMPONENT dev)
endif()
if(TARGET spaceca_postgres)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/spaceca-postgres.pc.in ${PROJECT_BINARY_DIR}/spaceca-postgres.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/spaceca-postgres.pc DESTINATION ${pc_folder} COMPONENT dev)
endif()
if(TARGET spaceca_notify)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/spaceca-notify.pc.in ${PROJECT_BINARY_DIR}/spaceca-notify.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/spaceca-notify.pc DESTINATION ${pc_folder} COMPONENT dev)
endif()

if(PROJECT_IS_TOP_LEVEL)
  include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
endif()
