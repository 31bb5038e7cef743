// Records like those of optinc compile, simulate, link-budget and error-law, for the browser to draw.
#pragma once

#include <filesystem>

/// A program with a mesh of 64 modes, a sweep from 0 on, the sensitivity of two corrections, two link budgets (one
/// without noise), error laws with and without a known law. Same bytes on every run.
void write_light(const std::filesystem::path& file);
