// The variables that an app finds its databases by. A database is NAME_URL, its name in capitals with underscores for hyphens; the
// only one of an app is DATABASE_URL as well.
#pragma once

#include <string>
#include <vector>

#include <spaceca/authority.h>

[[nodiscard]] std::string variable_of(const spaceca::DatabaseName& database);
// Those of an app's databases that the variable means: none; one; or several of one name, in different spaces.
[[nodiscard]] std::vector<spaceca::DatabaseRecord> chosen_by(const std::string& variable,
                                                             std::vector<spaceca::DatabaseRecord> of_app);
