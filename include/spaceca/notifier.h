// How owners are told. An authority writes a Notice with the certificate that it is about, in one transaction, and hands it to a
// Notifier until that has taken it. Called from any thread; the same notice may come twice, when a process died between delivering
// and recording it, so `id` is what a receiver knows it by.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/certificate.h>
#include <spaceca/clock.h>
#include <spaceca/error.h>
#include <spaceca/export.h>
#include <spaceca/names.h>

namespace spaceca {

enum class NoticeKind {
  renewed,           // a successor is ready: fetch it and switch before the old one ends
  awaiting_request,  // the key is the client's own, and was certified twice: a new request is needed
  reminder,          // one of these two was not followed yet, and 30, 7 or 1 days are left
  downloaded,        // a client's key left the authority (spaces of kind shield)
  roots_changed,     // the bundle lacks a root that will be needed: fetch it again
};

struct Notice {
  std::string id;  // a UUID
  NoticeKind kind;
  Instant created_at;
  Instant told_at;  // now: days that are left count from here
  SpaceName space;
  DatabaseName database;
  AppName app;
  std::vector<std::string> contacts;
  RoleName role;
  CertificateId certificate;  // that it is about: the successor, where there is one
  Serial serial;
  Instant not_after;
  bool key_is_kept = true;  // a download brings the private key; otherwise its holder alone has it
  // Of a renewal and of a reminder of it: what is replaced.
  std::optional<CertificateId> predecessor = {};
  std::optional<Serial> predecessor_serial = {};
  std::optional<Instant> predecessor_ends = {};
  // Names of the channels that have delivered it.
  std::vector<std::string> delivered_by = {};
};

class SPACECA_EXPORT Notifier {
 public:
  virtual ~Notifier();
  // Returns when it is delivered; throws what it likes, and is asked again later. May take a few minutes, and no more than nine:
  // then another process takes it for dead.
  virtual void deliver(const Notice& notice) = 0;
};

[[nodiscard]] SPACECA_EXPORT std::string_view text_of(NoticeKind kind);  // "renewed", "awaiting_request" …

// Whole days, downwards, from told_at to the end of the certificate that clients have now: -1 from the second after it on.
[[nodiscard]] SPACECA_EXPORT long days_left(const Notice& notice);

// The notice as a message: its subject line, and what to do, as text and as a page of HTML that says the same. Lines end with a
// line feed. No secret is in it.
struct Message {
  std::string subject;
  std::string text;
  std::string html;
};
[[nodiscard]] SPACECA_EXPORT Message message_of(const Notice& notice);

// Writes each notice as a file ID.txt (0600, whole or not at all) into a folder that is there; one delivered again replaces itself.
// A link that leads to the folder is followed now, and not again. Errc::not_found if it leads to none.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Notifier> folder_notifier(const std::filesystem::path& folder);

// One of several ways to tell. The name is kept with each notice that it has delivered: `[a-z][a-z0-9-]{0,62}`.
struct Channel {
  std::string name;
  std::unique_ptr<Notifier> notifier;
};

// Thrown where some channels delivered and others did not. The authority keeps the names of those that did.
class SPACECA_EXPORT PartlyDelivered : public Error {
 public:
  PartlyDelivered(const Error& why, std::vector<std::string> delivered_by);
  PartlyDelivered(const PartlyDelivered&) = default;
  PartlyDelivered(PartlyDelivered&&) = default;
  PartlyDelivered& operator=(const PartlyDelivered&) = default;
  PartlyDelivered& operator=(PartlyDelivered&&) = default;
  ~PartlyDelivered() override;

  // All that have delivered it so far.
  [[nodiscard]] const std::vector<std::string>& delivered_by() const noexcept { return delivered_by_; }

 private:
  std::vector<std::string> delivered_by_;
};

// Delivers by every channel, each once: one that fails keeps none from it, and is asked again alone. Errc::invalid_argument for a
// name that is none or is there twice.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Notifier> notifier_of(std::vector<Channel> channels);

}  // namespace spaceca
