// One thing of many that a sweep does: what it throws keeps the others from nothing.
#pragma once

#include <exception>
#include <string>

#include <spaceca/error.h>

namespace spaceca::service {

// Does the work; whatever that throws goes to `failed(why, code)`. Errc::io stands for what is no Error: seams are written by
// others.
template <class Work, class Failed>
void attempt(const Work& work, const Failed& failed) {
  try {
    work();
  } catch (const Error& error) {
    failed(std::string{error.what()}, error.code());
  } catch (const std::exception& error) {
    failed(std::string{error.what()}, Errc::io);
  } catch (...) {
    failed(std::string{"something was thrown that is no exception"}, Errc::io);
  }
}

}  // namespace spaceca::service
