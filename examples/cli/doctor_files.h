// A client's files, read for the doctor from where a download put them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <spaceca/diagnosis.h>

// Those of the names that the exporters give, behind the prefix. Throws Failure if there is no such folder, or none of them in it.
[[nodiscard]] spaceca::ClientFiles client_files_in(const std::filesystem::path& folder, const std::string& prefix);

// The names of those that are there.
[[nodiscard]] std::vector<std::string> names_of(const spaceca::ClientFiles& files);
