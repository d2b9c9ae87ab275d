# Our own code compiles without a warning; headers of others are included as system headers.
add_library(gibsey_warnings INTERFACE)
target_compile_options(gibsey_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wconversion
  -Wno-sign-conversion -Wno-missing-designated-field-initializers -Wimplicit-fallthrough -Wextra-semi -Werror)
