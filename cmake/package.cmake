# Debian packages (cpack -G DEB): libspaceca0.1 with the shared library, libspaceca-sqlite0.1 with
# what needs SQLite, libspaceca-dev with what a build needs. Of a static build there is
# the second alone. Configure with CMAKE_INSTALL_PREFIX=/usr: then the library goes where Debian looks for it, lib/<architecture>.
get_target_property(type spaceca TYPE)
get_target_property(version spaceca VERSION)
get_target_property(soversion spaceca SOVERSION)
set(runtime_package libspaceca${soversion})

set(CPACK_PACKAGE_NAME spaceca)
set(CPACK_PACKAGE_VERSION ${version})
set(CPACK_PACKAGE_VENDOR "The spaceca authors")
set(CPACK_PACKAGE_CONTACT "The spaceca authors <spaceca@example.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${runtime_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "The shared library.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libspaceca-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEV_DESCRIPTION "The headers, and what CMake and pkg-config need to build with them.")

set(sqlite_package libspaceca-sqlite${soversion})
set(CPACK_DEBIAN_SQLITE_PACKAGE_NAME ${sqlite_package})
set(CPACK_DEBIAN_SQLITE_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_SQLITE_PACKAGE_DEPENDS "${runtime_package} (= ${version})")
set(CPACK_COMPONENT_SQLITE_DESCRIPTION "The shared library's stores in files of SQLite's.")
# Where the core lies that the other libraries load, since no package holds it yet.
get_target_property(core_folder spaceca BINARY_DIR)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${core_folder})

if(type STREQUAL "SHARED_LIBRARY")
  set(CPACK_COMPONENTS_ALL runtime dev)
  set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${runtime_package} (= ${version})")
  if(TARGET spaceca_sqlite)
    list(APPEND CPACK_COMPONENTS_ALL sqlite)
    string(APPEND CPACK_DEBIAN_DEV_PACKAGE_DEPENDS ", ${sqlite_package} (= ${version})")
  endif()
else()
  set(CPACK_COMPONENTS_ALL dev)
  set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libssl-dev (>= 3.0), libfmt-dev (>= 9)")
  if(TARGET spaceca_sqlite)
    string(APPEND CPACK_DEBIAN_DEV_PACKAGE_DEPENDS ", libsqlite3-dev (>= 3.37)")
  endif()
endif()

include(CPack)
