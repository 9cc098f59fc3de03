#include "load/crowd.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>

#include <fmt/format.h>

namespace spaceca::test {
namespace {

// Between two rounds: at least this, and twice as long as the last one took, so that the server is always busy and never drowned,
// on whatever machine.
constexpr std::chrono::steady_clock::duration kBreath = std::chrono::milliseconds{20};
constexpr std::chrono::minutes kLongest{5};
constexpr std::size_t kEnough = 50;  // complaints
constexpr Way kWay4{.address = "127.0.0.1"};
constexpr Way kWay6{.address = "::1", .newest_tls = "TLSv1.2"};

}  // namespace

// --- one of them ---

Client::Client(Crowd& crowd, std::string name, const CertificateId& first)
    : crowd_(crowd),
      name_(std::move(name)),
      current_{.id = first, .files = fetch(crowd.space_, first, crowd.folder_.path()), .verdict = std::make_shared<Verdict>()},
      thread_([this] { run(); }) {}

CertificateId Client::certificate() const {
  const std::scoped_lock lock{mutex_};
  return current_.id;
}

bool Client::holds(const CertificateId& id) const {
  const std::scoped_lock lock{mutex_};
  return current_.id == id || std::ranges::find(former_, id, &Held::id) != former_.end();
}

void Client::set(const CertificateId& id, Must must) {
  const std::scoped_lock lock{mutex_};
  if (current_.id == id) return current_.verdict->set(must);
  const auto found = std::ranges::find(former_, id, &Held::id);
  if (found != former_.end()) found->verdict->set(must);
}

void Client::tell(const Notice& notice) {
  const std::scoped_lock lock{mutex_};
  mail_.push_back(notice);
}

void Client::run() {
  while (!stopped_) {
    ++begun_;
    const auto from = std::chrono::steady_clock::now();
    try {
      round();
    } catch (const std::exception& error) {
      crowd_.complain(fmt::format("{}: {}", name_, error.what()));
    }
    ++ended_;
    std::this_thread::sleep_for(std::max(kBreath, 2 * (std::chrono::steady_clock::now() - from)));
  }
}

void Client::round() {
  read_mail();
  std::optional<Held> now;
  std::optional<Held> before;
  {
    const std::scoped_lock lock{mutex_};
    now = current_;
    // Every other time; the last one, and the older ones in turn.
    const auto turn = static_cast<std::size_t>(begun_);
    if (!former_.empty() && turn % 2 == 0) before = turn % 4 == 0 ? former_[turn / 4 % former_.size()] : former_.back();
  }
  attempt(*now, begun_ % 2 == 0 ? kWay4 : kWay6);
  if (before) attempt(*before, begun_ / 8 % 2 == 0 ? kWay4 : kWay6);  // one that is out is tried both ways too
}

void Client::read_mail() {
  while (reads_mail_) {
    std::optional<Notice> notice;
    {
      const std::scoped_lock lock{mutex_};
      if (mail_.empty()) return;
      notice = mail_.front();
      mail_.pop_front();
    }
    Held fresh{.id = notice->certificate,
               .files = fetch(crowd_.space_, notice->certificate, crowd_.folder_.path()),
               .verdict = std::make_shared<Verdict>()};
    const std::scoped_lock lock{mutex_};
    if (fresh.id == current_.id) {
      fresh.verdict = current_.verdict;
    } else {
      former_.push_back(current_);
    }
    current_ = fresh;
    ++refreshes_;
  }
}

void Client::attempt(const Held& held, const Way& way) {
  const auto before = held.verdict->seen();
  const std::string why = why_not_in(held.files, crowd_.port_, way);
  if (held.verdict->seen() != before || before.must() == Must::either) {
    ++crowd_.unjudged_;
    return;
  }
  if (before.must() == Must::come_in) {
    ++crowd_.came_in_;
    if (!why.empty()) crowd_.complain(fmt::format("{}: should come in with {}: {}", name_, held.id.text(), why));
    return;
  }
  ++crowd_.stayed_out_;
  if (why.empty()) crowd_.complain(fmt::format("{}: came in with {}, which is revoked", name_, held.id.text()));
  // Whoever has been out for long has not the newest root either, and refuses the server first.
  if (is_refusal(why) || why.ends_with("certificate verify failed")) ++crowd_.told_why_;
}

// --- all of them ---

Crowd::~Crowd() {
  for (const auto& client : clients_) client->stop();
  for (const auto& client : clients_) client->join();
  // Where a test breaks off nobody asks for them any more, and they may be why.
  if (std::uncaught_exceptions() == 0) return;
  for (const std::string& complaint : complaints_) std::fprintf(stderr, "%s\n", complaint.c_str());
}

Client& Crowd::add(const CertificateId& first) {
  clients_.push_back(std::make_unique<Client>(*this, fmt::format("client {}", clients_.size() + 1), first));
  return *clients_.back();
}

void Crowd::deliver(const Notice& notice) {
  const CertificateId& held = notice.predecessor ? *notice.predecessor : notice.certificate;
  for (const auto& client : clients_) {
    if (client->certificate() == held) return client->tell(notice);
  }
  complain(fmt::format("a notice about {}, which nobody holds", held.text()));
}

void Crowd::set(const CertificateId& id, Must must) {
  for (const auto& client : clients_) client->set(id, must);
}

void Crowd::wait_until(const std::string& what, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return complain("waited in vain: " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

void Crowd::let_all_go_round(int times) {
  std::vector<long> from;
  for (const auto& client : clients_) from.push_back(client->begun());
  wait_until("every client connects", [&] {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (clients_[i]->ended() < from[i] + times) return false;  // the one that is under way does not count
    }
    return true;
  });
}

std::vector<std::string> Crowd::complaints() const {
  const std::scoped_lock lock{mutex_};
  return complaints_;
}

void Crowd::during(std::string phase) {
  const std::scoped_lock lock{mutex_};
  phase_ = std::move(phase);
}

void Crowd::complain(const std::string& what) {
  const std::scoped_lock lock{mutex_};
  if (complaints_.size() < kEnough) complaints_.push_back(fmt::format("during {}: {}", phase_, what));
}

}  // namespace spaceca::test
