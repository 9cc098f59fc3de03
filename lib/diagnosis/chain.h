// verify()'s findings as diagnoses: whose chain it is, and what its owner can do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/diagnosis.h>
#include <spaceca/verify.h>

namespace spaceca::diagnosis {

// The self-signed ones, which alone are anchors to OpenSSL.
[[nodiscard]] std::vector<Certificate> self_signed_of(const std::vector<Certificate>& certificates);

// The common name that PostgreSQL compares with a role: the first; empty if there is none.
[[nodiscard]] std::string common_name_of(const Certificate& certificate);

// What verify finds in a chain, each text beginning with `whose`. Of which root a chain must be is not asked: rules about that
// are left out.
[[nodiscard]] std::vector<Diagnosis> faults_of(const Verification& what, std::string_view whose);
// The same, and those too.
[[nodiscard]] std::vector<Diagnosis> all_faults_of(const Verification& what, std::string_view whose);

// Whether it says that the chain does not end at a root of the judge's.
[[nodiscard]] bool is_about_the_root(const Finding& finding);

// What the owner does about one of verify's rules.
[[nodiscard]] std::string remedy_for(std::string_view rule, Purpose purpose);

}  // namespace spaceca::diagnosis
