#pragma once

namespace gibsey::app {

/// The whole program: reads the command line, runs one command, answers the exit status.
int run(int argc, char** argv);

}  // namespace gibsey::app
