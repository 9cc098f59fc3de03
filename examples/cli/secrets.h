// Secrets on their way in: from files, from file descriptors, from the terminal without an echo; never from an argument, which
// every user of the machine may read. And what people confirm by typing.
#pragma once

#include <filesystem>
#include <string>

#include <spaceca/bytes.h>
#include <spaceca/database_url.h>
#include <spaceca/vault.h>

#include "arguments.h"

// A file's octets, or those of the standard input for "-"; at most 64 KiB.
[[nodiscard]] spaceca::SecretBytes read_secret(const std::string& file);
// As read_secret, without the line end at the end that editors leave.
[[nodiscard]] spaceca::SecretBytes read_secret_line(const std::string& file);

// Whether somebody sits there who can be asked.
[[nodiscard]] bool has_terminal();
[[nodiscard]] spaceca::SecretBytes ask_secret(const std::string& question);

// What opens the vault: --key-file, --passphrase-fd, --passphrase-file, then their variables of the environment, then the terminal.
[[nodiscard]] spaceca::VaultKey vault_key(const Arguments& arguments);

// A key that is to open a store.
struct NewKey {
  spaceca::VaultKey key;
  bool file_is_made = false;  // its key file was not there before

  void take_back() const;  // where it opens nothing after all: no file that was made for it stays
};
// As vault_key(), for a new store; what is typed is typed twice. A key file that is not there is made.
[[nodiscard]] NewKey new_vault_key(const Arguments& arguments);
// What --new-passphrase-file or --new-key-file say, or the terminal.
[[nodiscard]] NewKey fresh_vault_key(const Arguments& arguments);

// Of --url-file, or of --url, which may hold no password.
[[nodiscard]] spaceca::DatabaseUrl database_url(const Arguments& arguments);
// Of --admin-url-file; empty if there is none.
[[nodiscard]] spaceca::SecretBytes admin_url(const Arguments& arguments);

// Goes on unless --confirm says another name.
void refuse_another_name(const Arguments& arguments, const std::string& name);
// Goes on if --confirm says `name`, or somebody types it after reading `warning`.
void confirm(const Arguments& arguments, const std::string& name, const std::string& warning);
