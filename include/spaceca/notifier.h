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
#include <spaceca/export.h>
#include <spaceca/names.h>

namespace spaceca {

enum class NoticeKind {
  renewed,           // a successor is ready: fetch it and switch before the old one ends
  awaiting_request,  // the key is the client's own, and was certified twice: a new request is needed
  downloaded,        // a key left the authority (spaces of kind shield)
  roots_changed,     // the bundle lacks a root that will be needed: fetch it again
};

struct Notice {
  std::string id;  // a UUID
  NoticeKind kind;
  Instant created_at;
  SpaceName space;
  DatabaseName database;
  AppName app;
  std::vector<std::string> contacts;
  RoleName role;
  CertificateId certificate;  // that it is about: the successor, where there is one
  Serial serial;
  Instant not_after;
  // Of a renewal: what is replaced.
  std::optional<CertificateId> predecessor = {};
  std::optional<Instant> predecessor_ends = {};
};

class SPACECA_EXPORT Notifier {
 public:
  virtual ~Notifier();
  // Returns when it is delivered; throws what it likes, and is asked again later.
  virtual void deliver(const Notice& notice) = 0;
};

[[nodiscard]] SPACECA_EXPORT std::string_view text_of(NoticeKind kind);  // "renewed", "awaiting_request" …

// The notice as a message: its subject line and its text, which says what to do. No secret is in it.
struct Message {
  std::string subject;
  std::string text;
};
[[nodiscard]] SPACECA_EXPORT Message message_of(const Notice& notice);

// Writes each notice as a file ID.txt (0600, whole or not at all) into a folder that is there; one delivered again replaces itself.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Notifier> folder_notifier(std::filesystem::path folder);

}  // namespace spaceca
