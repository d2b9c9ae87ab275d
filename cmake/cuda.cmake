# Included before project(): without nvcc a build for NVIDIA's GPUs ends here, with a sentence, and not in a compiler check.
option(GIBSEY_CUDA "Models run on NVIDIA GPUs as far as their memory goes (needs the CUDA toolkit)" OFF)
if(GIBSEY_CUDA)
  find_program(GIBSEY_NVCC nvcc HINTS ENV CUDAToolkit_ROOT ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(NOT GIBSEY_NVCC)
    message(FATAL_ERROR
      "A CUDA build needs NVIDIA's CUDA toolkit, and its compiler nvcc is not here. Install the toolkit (11.8 or newer), put its "
      "folder bin into PATH or name the toolkit's folder in CUDAToolkit_ROOT, and run `make cuda` again; `make` builds without a GPU.")
  endif()
endif()

# Called after project(): the libraries of the toolkit that llama.cpp's CUDA backend takes.
function(gibsey_find_cuda target)
  get_filename_component(bin "${GIBSEY_NVCC}" DIRECTORY)
  get_filename_component(root "${bin}" DIRECTORY)
  if(NOT DEFINED CUDAToolkit_ROOT AND NOT DEFINED ENV{CUDAToolkit_ROOT})
    set(CUDAToolkit_ROOT "${root}")
  endif()
  find_package(CUDAToolkit 11.8 REQUIRED)
  foreach(library cudart cublas cuda_driver)
    if(NOT TARGET CUDA::${library})
      message(FATAL_ERROR "The CUDA toolkit at ${CUDAToolkit_LIBRARY_ROOT} lacks its library ${library}: install the whole toolkit.")
    endif()
  endforeach()
  target_link_libraries(${target} INTERFACE CUDA::cudart CUDA::cublas CUDA::cuda_driver)
endfunction()
