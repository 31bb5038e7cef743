# What `cmake --install BUILD --prefix DIR --component optinc` puts below DIR: the program, liboptinc and its header, what
# find_package(optinc) and pkg-config read, the designs. All of it may be moved together afterwards. (The component
# `python` is python/CMakeLists.txt's, the program's own rule is src/optinc/cli/CMakeLists.txt's.)
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/optinc")
set(designs_dir "${CMAKE_INSTALL_DATADIR}/optinc/designs")
set(made "${PROJECT_BINARY_DIR}/package")

install(TARGETS optinc_shared EXPORT optincTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES src/optinc/capi/optinc.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY designs/ DESTINATION "${designs_dir}" FILES_MATCHING PATTERN "*.safetensors")
if(TARGET optinc_sentencepiece)
  # The program opens it by its name.
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_FULL_BINDIR}" OUTPUT_VARIABLE bin_to_lib)
  install(TARGETS optinc_sentencepiece LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/optinc")
  set_target_properties(optinc PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}/optinc")
endif()

install(EXPORT optincTargets NAMESPACE optinc:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/optincConfig.cmake.in "${made}/optincConfig.cmake" INSTALL_DESTINATION "${package_dir}"
                              PATH_VARS designs_dir NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${made}/optincConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${made}/optincConfig.cmake" "${made}/optincConfigVersion.cmake" DESTINATION "${package_dir}")

cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
           OUTPUT_VARIABLE pkgconfig_to_prefix)
configure_file(cmake/optinc.pc.in "${made}/optinc.pc" @ONLY)
install(FILES "${made}/optinc.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
