#include "service/failure.h"

#include <exception>

namespace spaceca::service {

Failure caught() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.what(), error.code(), error.findings()};
  } catch (const std::exception& error) {
    return {*error.what() == '\0' ? "it gave no reason" : error.what(), Errc::io};
  } catch (...) {
    return {"something was thrown that is no exception", Errc::io};
  }
}

}  // namespace spaceca::service
