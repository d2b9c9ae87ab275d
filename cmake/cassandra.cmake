# With -DGIBSEY_CASSANDRA=ON the stores on Cassandra are built (src/store/cassandra); their driver is a Rust crate, so that cargo is needed.
option(GIBSEY_CASSANDRA "Stores on Cassandra; needs cargo" OFF)
if(NOT GIBSEY_CASSANDRA)
  return()
endif()

find_program(GIBSEY_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
find_program(GIBSEY_RUSTC rustc HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
set(crate ${CMAKE_SOURCE_DIR}/src/store/cassandra/driver)
execute_process(COMMAND ${GIBSEY_RUSTC} --version OUTPUT_VARIABLE rustc_version COMMAND_ERROR_IS_FATAL ANY)
file(SHA256 ${crate}/Cargo.lock lock_hash)
string(SHA256 key "${lock_hash} ${rustc_version}")
string(SUBSTRING ${key} 0 16 key)
# A hundred crates are compiled once a machine, not once a clone.
set(target_folder ${GIBSEY_CACHE}/cassandra-driver-${key})
set(driver_library ${CMAKE_BINARY_DIR}/libgibsey_cassandra.a)
file(GLOB crate_sources CONFIGURE_DEPENDS ${crate}/src/*.rs)
add_custom_command(
  OUTPUT ${driver_library}
  COMMAND ${CMAKE_COMMAND} -E env CARGO_TARGET_DIR=${target_folder}
          nice -n 10 ${GIBSEY_CARGO} build --release --locked --jobs 2 --quiet --manifest-path ${crate}/Cargo.toml
  COMMAND ${CMAKE_COMMAND} -E copy ${target_folder}/release/libgibsey_cassandra.a ${driver_library}
  DEPENDS ${crate_sources} ${crate}/Cargo.toml ${crate}/Cargo.lock
  COMMENT "Cassandra driver (a minute or two the first time)"
  VERBATIM)
add_custom_target(cassandra_driver_library DEPENDS ${driver_library})
add_library(cassandra_driver INTERFACE)
add_dependencies(cassandra_driver cassandra_driver_library)
target_link_libraries(cassandra_driver INTERFACE ${driver_library} Threads::Threads dl m)
# Seen by the files that choose alone: everything else is compiled the same with and without.
set_source_files_properties(src/store/testing/backends.cpp src/app/stores.cpp PROPERTIES COMPILE_DEFINITIONS GIBSEY_CASSANDRA=1)
