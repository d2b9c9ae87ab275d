#include "app/cli.hpp"

int main(int argc, char** argv) {
  return gibsey::app::run(argc, argv);
}
