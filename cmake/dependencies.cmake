find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(SQLite3 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(LibArchive REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(pugixml REQUIRED)
find_package(date REQUIRED)
pkg_check_modules(GUMBO REQUIRED IMPORTED_TARGET gumbo)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)

# Asio and Beast, with the one set of macros that every file must agree on.
add_library(boost_headers INTERFACE)
target_link_libraries(boost_headers INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(boost_headers INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY BOOST_BEAST_USE_STD_STRING_VIEW
  # What they have of functions that are no templates is compiled once, in src/net/boost_implementation.cpp.
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)

add_library(tomlplusplus INTERFACE)
target_compile_definitions(tomlplusplus INTERFACE TOML_EXCEPTIONS=0 TOML_HEADER_ONLY=1)

find_library(GIBSEY_STEMMER stemmer REQUIRED)
add_library(stemmer INTERFACE)
target_link_libraries(stemmer INTERFACE ${GIBSEY_STEMMER})

find_library(GIBSEY_HIREDIS hiredis REQUIRED)
add_library(hiredis INTERFACE)
target_link_libraries(hiredis INTERFACE ${GIBSEY_HIREDIS})

find_library(GIBSEY_XXHASH xxhash REQUIRED)
add_library(xxhash INTERFACE)
target_link_libraries(xxhash INTERFACE ${GIBSEY_XXHASH})

# A header alone; its warnings are not ours.
find_path(GIBSEY_HNSWLIB hnswlib/hnswlib.h REQUIRED)
add_library(hnswlib INTERFACE)
target_include_directories(hnswlib SYSTEM INTERFACE ${GIBSEY_HNSWLIB})

# llama.cpp comes built from tools/setup/setup.sh.
set(GIBSEY_CACHE_DEFAULT "$ENV{HOME}/.cache/gibsey")
if(DEFINED ENV{GIBSEY_CACHE})
  set(GIBSEY_CACHE_DEFAULT "$ENV{GIBSEY_CACHE}")
endif()
set(GIBSEY_CACHE "${GIBSEY_CACHE_DEFAULT}" CACHE PATH "Built third-party parts and models")
if(GIBSEY_CUDA)
  file(REAL_PATH "${GIBSEY_CACHE}/llama-cuda" llama_dir)
  set(ggml_cuda "${llama_dir}/lib/libggml-cuda.a")
  set(how "GIBSEY_CUDA=1 tools/setup/setup.sh (make cuda does it for you)")
else()
  file(REAL_PATH "${GIBSEY_CACHE}/llama" llama_dir)
  set(ggml_cuda)
  set(how "tools/setup/setup.sh (make does it for you)")
endif()
foreach(library "${llama_dir}/lib/libllama.a" ${ggml_cuda})
  if(NOT EXISTS "${library}")
    message(FATAL_ERROR "llama.cpp is not built yet: run ${how}.")
  endif()
endforeach()

add_library(llama_engine INTERFACE)
target_include_directories(llama_engine SYSTEM INTERFACE "${llama_dir}/include")
target_link_libraries(llama_engine INTERFACE
  "${llama_dir}/lib/libllama.a" "${llama_dir}/lib/libggml.a" ${ggml_cuda} "${llama_dir}/lib/libggml-cpu.a"
  "${llama_dir}/lib/libggml-base.a" Threads::Threads dl m)
if(GIBSEY_CUDA)
  gibsey_find_cuda(llama_engine)
endif()

# What a model would take, told by llama.cpp's common library (fit.h); without its JSON header, which is not ours.
add_library(llama_fit INTERFACE)
target_include_directories(llama_fit SYSTEM INTERFACE "${llama_dir}/common")
target_link_libraries(llama_fit INTERFACE
  "${llama_dir}/lib/libllama-common.a" "${llama_dir}/lib/libllama-common-base.a" "${llama_dir}/lib/libcpp-httplib.a"
  llama_engine)

# The Jinja engine of llama.cpp's common library; its own JSON header goes first for the files that use it.
add_library(llama_jinja INTERFACE)
target_include_directories(llama_jinja SYSTEM INTERFACE "${llama_dir}/vendor" "${llama_dir}/common")
target_link_libraries(llama_jinja INTERFACE
  "${llama_dir}/lib/libllama-common.a" "${llama_dir}/lib/libllama-common-base.a" "${llama_dir}/lib/libcpp-httplib.a"
  llama_engine)
