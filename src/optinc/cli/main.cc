#include <iostream>

#include "optinc/cli/cli.h"

int main(int argc, char** argv) {
  return optinc::cli::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
