# cmake -DCOMMAND=... -DEXIT_CODE=... -DLINE=... -P expect_failure.cmake
# Fails unless COMMAND ends with EXIT_CODE and the lines "optinc: ..." on its standard error are LINE alone.
execute_process(COMMAND ${COMMAND} RESULT_VARIABLE exit_code OUTPUT_QUIET ERROR_VARIABLE errors)
string(REGEX MATCHALL "(^|\n)optinc: [^\n]*" lines "${errors}")
string(STRIP "${lines}" lines)
if(NOT exit_code STREQUAL EXIT_CODE OR NOT lines STREQUAL LINE)
  message(FATAL_ERROR "exit code ${exit_code}, expected ${EXIT_CODE}; said \"${lines}\", expected \"${LINE}\"; all of it:\n${errors}")
endif()
