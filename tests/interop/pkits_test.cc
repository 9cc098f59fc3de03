// NIST's Public Key Interoperability Test Suite (PKITS 1.0.1, 2011): each of its S/MIME messages holds the path and the lists of
// one test, numbered as in its document. They come with Debian's python3-cryptography-vectors. No path that PKITS calls invalid may
// be accepted; a valid one that is refused stands below with the reason.
//
// Left out as a whole are sections 4.8 to 4.12, 63 tests: 4.8.1-20 (certificatePolicies), 4.9.1-8
// (requireExplicitPolicy), 4.10.1-14 (policyMappings), 4.11.1-11 (inhibitPolicyMapping), 4.12.1-10 (inhibitAnyPolicy). They are
// about policies that the user sets or that the path demands; PostgreSQL and libpq set none and ask for none, and verify() does as
// they do.
#include <map>
#include <memory>
#include <set>

#include <openssl/cms.h>

#include <spaceca/verify.h>

#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2011-04-15T00:00:00Z");  // when it was made

struct Section {
  std::string number;
  std::vector<std::string> tests;  // named as the messages are, in order: the first is .1
};

const std::vector<Section> kSections = {
    // Signature verification
    {"4.1",
     {"ValidSignatures", "InvalidCASignature", "InvalidEESignature", "ValidDSASignatures", "ValidDSAParameterInheritance",
      "InvalidDSASignature"}},
    // Validity periods
    {"4.2",
     {"InvalidCAnotBeforeDate", "InvalidEEnotBeforeDate", "Validpre2000UTCnotBeforeDate", "ValidGeneralizedTimenotBeforeDate",
      "InvalidCAnotAfterDate", "InvalidEEnotAfterDate", "Invalidpre2000UTCEEnotAfterDate", "ValidGeneralizedTimenotAfterDate"}},
    // Name chaining
    {"4.3",
     {"InvalidNameChainingEE", "InvalidNameChainingOrder", "ValidNameChainingWhitespace", "ValidNameChainingWhitespace",
      "ValidNameChainingCapitalization", "ValidNameChainingUIDs", "ValidRFC3280MandatoryAttributeTypes",
      "ValidRFC3280OptionalAttributeTypes", "ValidUTF8StringEncodedNames", "ValidRolloverfromPrintableStringtoUTF8String",
      "ValidUTF8StringCaseInsensitiveMatch"}},
    // Basic revocation
    {"4.4",
     {"MissingCRL",
      "InvalidRevokedCA",
      "InvalidRevokedEE",
      "InvalidBadCRLSignature",
      "InvalidBadCRLIssuerName",
      "InvalidWrongCRL",
      "ValidTwoCRLs",
      "InvalidUnknownCRLEntryExtension",
      "InvalidUnknownCRLExtension",
      "InvalidUnknownCRLExtension",
      "InvalidOldCRLnextUpdate",
      "Invalidpre2000CRLnextUpdate",
      "ValidGeneralizedTimeCRLnextUpdate",
      "ValidNegativeSerialNumber",
      "InvalidNegativeSerialNumber",
      "ValidLongSerialNumber",
      "ValidLongSerialNumber",
      "InvalidLongSerialNumber",
      "ValidSeparateCertificateandCRLKeys",
      "InvalidSeparateCertificateandCRLKeys",
      "InvalidSeparateCertificateandCRLKeys"}},
    // Self-issued certificates
    {"4.5",
     {"ValidBasicSelfIssuedOldWithNew", "InvalidBasicSelfIssuedOldWithNew", "ValidBasicSelfIssuedNewWithOld",
      "ValidBasicSelfIssuedNewWithOld", "InvalidBasicSelfIssuedNewWithOld", "ValidBasicSelfIssuedCRLSigningKey",
      "InvalidBasicSelfIssuedCRLSigningKey", "InvalidBasicSelfIssuedCRLSigningKey"}},
    // basicConstraints
    {"4.6",
     {"InvalidMissingbasicConstraints", "InvalidcAFalse", "InvalidcAFalse", "ValidbasicConstraintsNotCritical",
      "InvalidpathLenConstraint", "InvalidpathLenConstraint", "ValidpathLenConstraint", "ValidpathLenConstraint",
      "InvalidpathLenConstraint", "InvalidpathLenConstraint", "InvalidpathLenConstraint", "InvalidpathLenConstraint",
      "ValidpathLenConstraint", "ValidpathLenConstraint", "ValidSelfIssuedpathLenConstraint", "InvalidSelfIssuedpathLenConstraint",
      "ValidSelfIssuedpathLenConstraint"}},
    // keyUsage
    {"4.7",
     {"InvalidkeyUsageCriticalkeyCertSignFalse", "InvalidkeyUsageNotCriticalkeyCertSignFalse", "ValidkeyUsageNotCritical",
      "InvalidkeyUsageCriticalcRLSignFalse", "InvalidkeyUsageNotCriticalcRLSignFalse"}},
    // nameConstraints
    {"4.13",
     {"ValidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "ValidDNnameConstraints",
      "ValidDNnameConstraints",
      "ValidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "ValidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "ValidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "InvalidDNnameConstraints",
      "ValidDNnameConstraints",
      "ValidSelfIssuedDNnameConstraints",
      "InvalidSelfIssuedDNnameConstraints",
      "ValidRFC822nameConstraints",
      "InvalidRFC822nameConstraints",
      "ValidRFC822nameConstraints",
      "InvalidRFC822nameConstraints",
      "ValidRFC822nameConstraints",
      "InvalidRFC822nameConstraints",
      "ValidDNandRFC822nameConstraints",
      "InvalidDNandRFC822nameConstraints",
      "InvalidDNandRFC822nameConstraints",
      "ValidDNSnameConstraints",
      "InvalidDNSnameConstraints",
      "ValidDNSnameConstraints",
      "InvalidDNSnameConstraints",
      "ValidURInameConstraints",
      "InvalidURInameConstraints",
      "ValidURInameConstraints",
      "InvalidURInameConstraints",
      "InvalidDNSnameConstraints"}},
    // Distribution points
    {"4.14",
     {"ValiddistributionPoint",
      "InvaliddistributionPoint",
      "InvaliddistributionPoint",
      "ValiddistributionPoint",
      "ValiddistributionPoint",
      "InvaliddistributionPoint",
      "ValiddistributionPoint",
      "InvaliddistributionPoint",
      "InvaliddistributionPoint",
      "ValidNoissuingDistributionPoint",
      "InvalidonlyContainsUserCertsCRL",
      "InvalidonlyContainsCACertsCRL",
      "ValidonlyContainsCACertsCRL",
      "InvalidonlyContainsAttributeCerts",
      "InvalidonlySomeReasons",
      "InvalidonlySomeReasons",
      "InvalidonlySomeReasons",
      "ValidonlySomeReasons",
      "ValidonlySomeReasons",
      "InvalidonlySomeReasons",
      "InvalidonlySomeReasons",
      "ValidIDPwithindirectCRL",
      "InvalidIDPwithindirectCRL",
      "ValidIDPwithindirectCRL",
      "ValidIDPwithindirectCRL",
      "InvalidIDPwithindirectCRL",
      "InvalidcRLIssuer",
      "ValidcRLIssuer",
      "ValidcRLIssuer",
      "ValidcRLIssuer",
      "InvalidcRLIssuer",
      "InvalidcRLIssuer",
      "ValidcRLIssuer",
      "InvalidcRLIssuer",
      "InvalidcRLIssuer"}},
    // Delta lists
    {"4.15",
     {"InvaliddeltaCRLIndicatorNoBase", "ValiddeltaCRL", "InvaliddeltaCRL", "InvaliddeltaCRL", "ValiddeltaCRL", "InvaliddeltaCRL",
      "ValiddeltaCRL", "ValiddeltaCRL", "InvaliddeltaCRL", "InvaliddeltaCRL"}},
    // Private certificate extensions
    {"4.16", {"ValidUnknownNotCriticalCertificateExtension", "InvalidUnknownCriticalCertificateExtension"}},
};

// Valid by PKITS and refused here: the rule of the first finding, or "unread" where a Certificate is not even read, and why.
struct Refused {
  std::string rule;
  std::string why;
};
const Refused kDsa{"unread", "DSA: no key of that kind is read"};
const Refused kIndirect{"crl-missing",
                        "an indirect list, which takes X509_V_FLAG_EXTENDED_CRL_SUPPORT; PostgreSQL does not set it"};
const Refused kIndirectPoint{"crl-issuing-distribution-point", kIndirect.why};
const Refused kSomeReasons{"crl-missing", "lists for some reasons each, which take the same flag"};
const Refused kByPoint{"crl-issuing-distribution-point",
                       "a list for one distribution point, signed by another key of the CA, which takes the same flag"};
// Which finding is the first depends on what the OpenSSL at hand takes such a list for.
const Refused kDelta{"crl-delta", "a delta list is a finding, since PostgreSQL does not add it"};
const std::map<std::string, Refused> kRefused = {
    {"4.1.4", kDsa},
    {"4.1.5", kDsa},
    {"4.2.4", {"unread", "a GeneralizedTime before 2050, which RFC 5280 4.1.2.5 forbids"}},
    {"4.4.19", {"crl-missing", "lists signed by another certificate of the CA's name, which take the same flag"}},
    {"4.5.4", kByPoint},
    {"4.5.6", kByPoint},
    {"4.14.18", kSomeReasons},
    {"4.14.19", kSomeReasons},
    {"4.14.22", kIndirect},
    {"4.14.24", kIndirect},
    {"4.14.25", kIndirect},
    {"4.14.28", kIndirectPoint},
    {"4.14.29", kIndirectPoint},
    {"4.14.30", kIndirect},
    {"4.14.33", kIndirect},
    {"4.15.2", kDelta},
    {"4.15.5", kDelta},
    {"4.15.7", kDelta},
    {"4.15.8", kDelta},
};

// Invalid by PKITS, and refused when they are read, before verify() has a say.
const std::map<std::string, std::string> kUnread = {
    {"4.1.2", "has a BIT STRING that is not whole octets"},  // what PKITS did to the signature
    {"4.1.6", "has a BIT STRING that is not whole octets"},  // the same; the CA's key is DSA's too
    {"4.2.7", "has a GeneralizedTime before 2050"},          // its notBefore; the notAfter is over
    {"4.4.15", "has a negative INTEGER"},                    // the serial, which is revoked
};

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_certificates(STACK_OF(X509) * certificates) { sk_X509_pop_free(certificates, X509_free); }
void free_lists(STACK_OF(X509_CRL) * lists) { sk_X509_CRL_pop_free(lists, X509_CRL_free); }

template <class Object>
Bytes encoded(int (*i2d)(const Object*, unsigned char**), const Object* object) {
  Bytes der(static_cast<std::size_t>(i2d(object, nullptr)));
  unsigned char* out = der.data();
  i2d(object, &out);
  return der;
}

const std::filesystem::path& suite() {
  static const std::filesystem::path kFolder = [] {
    const Outcome files = run({"dpkg", "-L", "python3-cryptography-vectors"});
    const auto end = files.out.find("/PKITS_data\n");
    if (end == std::string::npos) {
      throw std::runtime_error{"PKITS is not here: is python3-cryptography-vectors installed? " + files.err};
    }
    const auto start = files.out.rfind('\n', end) + 1;
    return std::filesystem::path{files.out.substr(start, end - start)} / "PKITS_data";
  }();
  return kFolder;
}

// The path, the leaf first, and the lists of one message, as DER.
struct Message {
  std::vector<Bytes> path;
  std::vector<Bytes> lists;
};

Message message(const std::string& name) {
  const std::string text = read_file(suite() / "smime" / ("Signed" + name + ".eml"));
  const std::unique_ptr<BIO, Deleter<BIO_free_all>> in{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  BIO* content = nullptr;
  const std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>> cms{SMIME_read_CMS(in.get(), &content)};
  BIO_free_all(content);
  if (cms == nullptr) throw std::runtime_error{"no S/MIME: " + name};
  const std::unique_ptr<STACK_OF(X509), Deleter<free_certificates>> certificates{CMS_get1_certs(cms.get())};
  const std::unique_ptr<STACK_OF(X509_CRL), Deleter<free_lists>> lists{CMS_get1_crls(cms.get())};
  CMS_SignerInfo* const signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  Message message;
  for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
    X509* const certificate = sk_X509_value(certificates.get(), i);
    const bool is_leaf = CMS_SignerInfo_cert_cmp(signer, certificate) == 0;
    message.path.insert(is_leaf ? message.path.begin() : message.path.end(), encoded(i2d_X509, certificate));
  }
  for (int i = 0; i < sk_X509_CRL_num(lists.get()); ++i) {
    message.lists.push_back(encoded(i2d_X509_CRL, sk_X509_CRL_value(lists.get(), i)));
  }
  return message;
}

Certificate anchor() {
  static const std::string kDer = read_file(suite() / "certs" / "TrustAnchorRootCertificate.crt");
  return Certificate::from_der(bytes_of(kDer));
}

// "" if the path is accepted, otherwise the rule of the first finding, or "unread".
std::string verdict(const std::string& name, std::string& text) {
  const Message what = message(name);
  Chain chain;
  try {
    for (const Bytes& der : what.path) chain.push_back(Certificate::from_der(der));
  } catch (const Error& error) {
    text = error.what();
    return "unread";
  }
  const auto findings = verify({.chain = chain,
                                .anchors = {anchor()},
                                .purpose = Purpose::client,
                                .now = kNow,
                                .crls = {what.lists.begin(), what.lists.end()}});
  for (const Finding& finding : findings) text += finding.rule + ": " + finding.text + "\n";
  return findings.empty() ? "" : findings.front().rule;
}

template <class Each>
void for_each_test(Each&& each) {
  for (const Section& section : kSections) {
    for (std::size_t i = 0; i < section.tests.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      each(section.number + "." + number, section.tests[i] + "Test" + number);
    }
  }
}

}  // namespace

TEST_CASE("PKITS: no invalid path is accepted, and a valid one is refused only for a reason that stands here", "[pkits]") {
  int invalid = 0;
  int accepted = 0;
  int refused = 0;
  for_each_test([&](const std::string& number, const std::string& name) {
    std::string text;
    const std::string rule = verdict(name, text);
    INFO(number << " " << name << ": " << text);
    if (!name.starts_with("Valid")) {  // 4.4.1 is called MissingCRL
      ++invalid;
      CHECK(rule != "");
      CHECK((rule == "unread") == kUnread.contains(number));
      if (kUnread.contains(number)) CHECK_THAT(text, Catch::Matchers::ContainsSubstring(kUnread.at(number)));
      return;
    }
    const auto known = kRefused.find(number);
    if (known != kRefused.end() && known->second.rule == kDelta.rule) {
      CHECK_THAT(text, Catch::Matchers::ContainsSubstring(kDelta.rule + ": "));
    } else {
      CHECK(rule == (known == kRefused.end() ? "" : known->second.rule));
    }
    ++(rule.empty() ? accepted : refused);
  });
  CHECK(invalid == 92);
  CHECK(accepted == 50);
  CHECK(refused == 19);
}

TEST_CASE("PKITS: every message is one of the tests above, or of the sections that are left out", "[pkits]") {
  std::set<std::string> named;
  for_each_test([&](const std::string&, const std::string& name) { CHECK(named.insert("Signed" + name + ".eml").second); });
  CHECK(named.size() == 161);
  std::size_t others = 0;
  for (const auto& entry : std::filesystem::directory_iterator{suite() / "smime"}) {
    others += named.erase(entry.path().filename().string()) == 0 ? 1U : 0U;
  }
  CHECK(named.empty());
  CHECK(others == 63);
}
