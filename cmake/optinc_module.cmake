# optinc_module(NAME [DEPENDS folder...] [LIBRARIES target...] [TEST_LIBRARIES target...])
#
# One folder, one library `optinc_NAME` of its *.cc. Beside it, where such files exist: `optinc_NAME_test` of its *.test.cc
# (GoogleTest, RapidCheck) and `optinc_NAME_perf` of its *.perf.cc (Google Benchmark). DEPENDS is the list of folders it may
# include: dev/check_includes.py reads it from here.
function(optinc_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "*.cc")
  file(GLOB tests CONFIGURE_DEPENDS "*.test.cc")
  file(GLOB benchmarks CONFIGURE_DEPENDS "*.perf.cc")
  list(REMOVE_ITEM sources ${tests} ${benchmarks})
  foreach(file IN LISTS arg_EXCLUDE)
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${file}.cc")
    list(REMOVE_ITEM tests "${CMAKE_CURRENT_SOURCE_DIR}/${file}.test.cc")
    list(REMOVE_ITEM benchmarks "${CMAKE_CURRENT_SOURCE_DIR}/${file}.perf.cc")
  endforeach()

  add_library(optinc_${name} STATIC ${sources})
  target_link_libraries(optinc_${name} PUBLIC optinc_flags ${arg_LIBRARIES})
  foreach(folder IN LISTS arg_DEPENDS)
    target_link_libraries(optinc_${name} PUBLIC optinc_${folder})
  endforeach()

  if(tests)
    add_executable(optinc_${name}_test ${tests})
    target_link_libraries(optinc_${name}_test PRIVATE optinc_${name} GTest::gmock_main rapidcheck ${arg_TEST_LIBRARIES})
    add_test(NAME ${name} COMMAND optinc_${name}_test WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES TIMEOUT 1200)
    if(OPTINC_SANITIZE)  # some thirty times as slow, and after other things: properties are tried on fewer cases
      set_tests_properties(${name} PROPERTIES ENVIRONMENT RC_PARAMS=max_success=25)
    endif()
  endif()
  if(benchmarks)
    add_executable(optinc_${name}_perf ${benchmarks})
    target_link_libraries(optinc_${name}_perf PRIVATE optinc_${name} benchmark::benchmark_main)
  endif()
endfunction()
