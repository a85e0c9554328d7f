# CUDA's kernels and their executor, compiled as C++ for an emulated GPU (test/simt), and their tests. Fibers of one thread of the host are nothing
# that the sanitizers understand; the emulation looks after addresses and races itself.
file(GLOB cuda_sources CONFIGURE_DEPENDS cuda/*.cu)
set_source_files_properties(${cuda_sources} PROPERTIES LANGUAGE CXX)
file(GLOB simt_sources CONFIGURE_DEPENDS test/simt/*.cc)

add_library(cuda_emulated STATIC ${cuda_sources} ${simt_sources})
target_include_directories(cuda_emulated PUBLIC test/simt)
# So that .cu counts as C++. At -O3 the unrolled tiles take minutes to compile, and the emulation is slow for other reasons.
target_compile_options(cuda_emulated PRIVATE -x c++ -O1)
target_link_libraries(cuda_emulated PUBLIC autobalance_cpu)

add_library(check_cuda STATIC test/check.cc test/run_kernel_cuda.cc)
target_link_libraries(check_cuda PUBLIC tape_input cuda_emulated)
# A launch costs a thousand times what a call does.
target_compile_options(check_cuda PRIVATE -UAB_CHECK_EVERY -DAB_CHECK_EVERY=32)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(check_cuda PUBLIC -Wno-restrict)
endif()

# The tests of the CPU's kernels, run on these.
foreach(name pool gather movement sweeps derivatives)
  add_executable(cuda_${name}_test test/${name}_test.cc)
  target_link_libraries(cuda_${name}_test PRIVATE check_cuda)
  add_test(NAME cuda_${name} COMMAND cuda_${name}_test)
endforeach()

foreach(name product traffic faults executor)
  add_executable(cuda_${name}_test test/cuda_${name}_test.cc)
  target_link_libraries(cuda_${name}_test PRIVATE check_cuda)
  add_test(NAME cuda_${name} COMMAND cuda_${name}_test)
endforeach()

# No driver, an old one, one without a device, one with: libraries of that name made for the purpose.
add_executable(cuda_driver_test test/cuda_driver_test.cc cuda/driver.cc)
target_include_directories(cuda_driver_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(cuda_driver_test PRIVATE ${CMAKE_DL_LIBS})
function(add_driver_test state version devices)
  add_library(driver_${state} SHARED test/driver_stub.cc)
  target_compile_definitions(driver_${state} PRIVATE AB_VERSION=${version} AB_DEVICES=${devices})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/drivers/${state})
  set_target_properties(driver_${state} PROPERTIES OUTPUT_NAME cuda SUFFIX .so.1 LIBRARY_OUTPUT_DIRECTORY ${folder})
  add_test(NAME cuda_driver_${state} COMMAND cuda_driver_test ${state})
  set_tests_properties(cuda_driver_${state} PROPERTIES ENVIRONMENT LD_LIBRARY_PATH=${folder})
endfunction()
# What does not load as a library is none.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/drivers/noDriver/libcuda.so.1 "no library")
add_test(NAME cuda_driver_noDriver COMMAND cuda_driver_test noDriver)
set_tests_properties(cuda_driver_noDriver PROPERTIES ENVIRONMENT LD_LIBRARY_PATH=${CMAKE_CURRENT_BINARY_DIR}/drivers/noDriver)
add_driver_test(oldDriver 12040 1)
add_driver_test(noDevice 13000 0)
add_driver_test(ready 13000 1)
