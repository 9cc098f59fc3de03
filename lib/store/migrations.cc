#include "store/migrations.h"

#include <array>

namespace spaceca {
namespace {

// Written by the build from lib/store/schema/*.sql, as raw string literals.
constexpr std::array kSteps{
    sql::Migration{
        1,
#include "schema/001_initial.inc"
    },
};

}  // namespace

std::span<const sql::Migration> migrations() noexcept { return kSteps; }

}  // namespace spaceca
