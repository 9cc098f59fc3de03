#include "x509/lint_text.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/objects.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/der.h"

namespace spaceca::x509 {

std::string object_name(ByteView oid) {
  const ossl::QuietErrors quiet;
  der::Writer w;
  w.value(der::Tag::object_identifier, oid);
  const Bytes whole = w.take();
  const ossl::Object object{ossl::decoded(d2i_ASN1_OBJECT, ASN1_OBJECT_free, ByteView{whole})};
  if (object == nullptr) return "an object identifier that is none";
  const int known = OBJ_obj2nid(object.get());
  if (known != NID_undef) return OBJ_nid2sn(known);
  std::array<char, 128> dotted{};
  OBJ_obj2txt(dotted.data(), static_cast<int>(dotted.size()), object.get(), 1);
  return dotted.data();
}

std::string quoted(ByteView text) { return fmt::format("\"{}\"", printable(text_of(text))); }

}  // namespace spaceca::x509
