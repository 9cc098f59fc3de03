#include "publish/managed_block.h"

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::publish;
using namespace spaceca::test;

namespace {
const std::string kMark = opening_mark(SpaceName{"acme"}, DatabaseName{"orders"});
}

TEST_CASE("what is put into a file and taken out again leaves it as it was, octet for octet", "[block]") {
  const std::string before = GENERATE(values<std::string>({"", "\n", "one line", "one line\n", "two\nlines\n\n",
                                                           "no end\n# a comment", "DOS\r\nlines\r\n", std::string("N\0UL\n", 5)}));
  for (const auto put : {with_block_on_top, with_block_at_end}) {
    const std::string once = put(before, kMark, "a line of ours\n");
    const ManagedFile read = managed(once, "x.conf");
    CHECK(read.rest == before);
    CHECK(read.mark == "# >>> spaceca: space acme, database orders");
    CHECK(put(read.rest, kMark, "a line of ours\n") == once);
  }
}

TEST_CASE("a file without marks has no block", "[block]") {
  const std::string text =
      GENERATE(values<std::string>({"", "host all all all md5\n", "x # >>> spaceca: y\n", " # <<< spaceca\n"}));
  const ManagedFile read = managed(text, "x.conf");
  CHECK(read.rest == text);
  CHECK_FALSE(read.block);
  CHECK(read.mark == "");
}

TEST_CASE("a block may have been moved within its file", "[block]") {
  const std::string block = with_block_on_top("", kMark, "ours\n");
  CHECK(managed("above\n" + block + "below\n", "x.conf").rest == "above\nbelow\n");
}

TEST_CASE("marks that do not make one pair are refused", "[block]") {
  const std::string block = with_block_on_top("", kMark, "ours\n");
  const std::string text =
      GENERATE_COPY(values<std::string>({kMark + "\nours\n", "# <<< spaceca\n", block + block, block + "# <<< spaceca\n",
                                         "# <<< spaceca\n" + kMark + "\n", block + kMark + "\n"}));
  INFO(text);
  check_refused([&] { return managed(text, "dir/x.conf"); }, Errc::malformed, "file \"dir/x.conf\"");
}
