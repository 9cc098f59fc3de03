// The variables of the environment.
#pragma once

#include <string>

// Empty if it is not set.
[[nodiscard]] std::string environment(const std::string& name);
