#include "ossl/ec_curve.h"

#include "ossl/check.h"

namespace spaceca::ossl {

EcCurve::EcCurve(int nid)
    : group_(check(EC_GROUP_new_by_curve_name(nid), "make a curve")),
      scratch_(check(BN_CTX_new(), "make a number context")),
      scalar_(check(BN_new(), "make a number")),
      point_(check(EC_POINT_new(group_.get()), "make a point")),
      scalar_size_(static_cast<std::size_t>((EC_GROUP_order_bits(group_.get()) + 7) / 8)) {
  BN_set_flags(scalar_.get(), BN_FLG_CONSTTIME);
}

ByteView EcCurve::generate(SecretRandomPool& random, std::span<std::uint8_t> scalar) {
  for (;;) {
    random.fill(scalar);
    if (const auto point = public_point(scalar)) return *point;
  }
}

std::optional<ByteView> EcCurve::public_point(ByteView scalar) {
  if (BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), scalar_.get()) == nullptr) fail("read a private key");
  if (BN_is_zero(scalar_.get()) || BN_ucmp(scalar_.get(), EC_GROUP_get0_order(group_.get())) >= 0) {
    BN_clear(scalar_.get());
    return std::nullopt;
  }
  const ByteView point = multiply();
  BN_clear(scalar_.get());
  return point;
}

bool EcCurve::holds(ByteView point) {
  const QuietErrors quiet;
  return point.size() == 1 + 2 * scalar_size_ && point.front() == POINT_CONVERSION_UNCOMPRESSED &&
         EC_POINT_oct2point(group_.get(), point_.get(), point.data(), point.size(), scratch_.get()) == 1;
}

ByteView EcCurve::multiply() {
  check(EC_POINT_mul(group_.get(), point_.get(), scalar_.get(), nullptr, nullptr, scratch_.get()), "compute a public key");
  const std::size_t size =
      EC_POINT_point2oct(group_.get(), point_.get(), POINT_CONVERSION_UNCOMPRESSED, octets_.data(), octets_.size(), scratch_.get());
  if (size == 0) fail("write a public key");
  return ByteView{octets_}.first(size);
}

}  // namespace spaceca::ossl
