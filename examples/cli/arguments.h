// What was typed, as it was typed. One struct for all commands: each reads what is its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

struct Arguments {
  // Of every command.
  std::string store;
  std::string passphrase_file;
  std::string passphrase_fd;
  std::string key_file;
  std::string actor;
  bool json = false;
  bool quiet = false;
  bool verbose = false;

  // Names of things.
  std::string space;
  std::string database;
  std::string app;
  std::string id;
  std::string serial;
  std::string variable;
  std::string from;  // files of pkcs8
  std::string to;

  // Spaces.
  std::string kind = "private";
  std::string step;
  std::string generation;
  std::string force_server;
  std::string confirm;
  std::string reason;

  // Databases.
  std::vector<std::string> hosts;
  std::string url;
  std::string url_file;
  std::string admin_url_file;
  std::string role;
  std::string data_directory;
  std::vector<std::string> contacts;
  bool no_admin_url = false;
  bool no_data_directory = false;
  bool no_contacts = false;

  // mTLS.
  std::vector<std::string> keep;
  std::string method;
  std::string clientcert;
  std::string bind;
  bool gone = false;
  bool wait = false;
  unsigned timeout = 600;  // seconds

  // IP rules.
  std::string cidr;
  std::optional<std::string> description;
  std::string file;
  bool allow_any = false;

  // Certificates.
  std::string csr;
  std::string key_algorithm;
  std::string custody = "sealed";
  std::string dir;
  std::string prefix;
  std::vector<std::string> formats;
  std::string pkcs12_password_file;
  bool force = false;
  bool all = false;
  bool disconnect = false;
  bool no_disconnect = false;

  // The doctor.
  std::string bundle;
  std::string connect;
  std::string login_database;

  // The store and time.
  std::string new_passphrase_file;
  std::string new_key_file;
  bool keep_old = false;
  std::string notices;
  std::optional<unsigned> deadline;                // seconds
  std::optional<unsigned> revoke_abandoned_after;  // days
  std::string anchors;
};
