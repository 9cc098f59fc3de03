// Twenty clients that reconnect all the time, through all that an authority does to a server in its life: nobody who should come in
// is kept out for a moment, and nobody comes in who should not.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "load/crowd.h"
#include "load/scene.h"
#include "support/catch.h"
#include "support/scale.h"

namespace spaceca::test {
namespace {

constexpr int kClients = 20;

class Play {
 public:
  Play() {
    clients_.push_back(&crowd_.add(scene_.enable()));
    for (int i = 1; i < kClients; ++i) clients_.push_back(&crowd_.add(scene_.space->issue_client(LoadScene::kSales).record.id));
    crowd_.let_all_go_round();
  }

  void renew_the_server();
  void refresh_the_lists();
  void renew_the_clients();
  void prepare_a_root();
  void activate_and_roll_back();
  void move_to_the_root();
  void retire_the_old_root();
  void sum_up() const;

 private:
  // Revoked, published and proved; from then on a connection that begins must fail.
  void revoke(const std::vector<CertificateId>& ids, RevocationReason reason);
  void deliver() {
    const SweepPart part = scene_.authority->deliver_notices(crowd_);
    REQUIRE(part.failed.empty());
  }
  [[nodiscard]] unsigned server_generation() const {
    const auto there = scene_.publisher->current(
        {.space = scene_.space->name(),
         .database = LoadScene::kSales,
         .data_directory = scene_.server.data(),
         .url = SecretBytes{std::string_view{fmt::format("postgresql://app@localhost:{}/app", scene_.server.port())}}});
    for (const RootRecord& root : scene_.space->describe().roots) {
      if (there.server && there.server->issuer() == root.certificate.subject()) return root.generation;
    }
    return 0;
  }
  [[nodiscard]] unsigned generation_of(RootState state) const {
    const auto roots = scene_.space->describe().roots;
    const auto found = std::ranges::find(roots, state, &RootRecord::state);
    return found != roots.end() ? found->generation : 0;
  }

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  LoadScene scene_;
  Crowd crowd_{*scene_.space, scene_.server};
  std::vector<Client*> clients_;  // those that are good
};

void Play::revoke(const std::vector<CertificateId>& ids, RevocationReason reason) {
  for (const CertificateId& id : ids) crowd_.set(id, Must::either);
  scene_.space->revoke(ids, reason);
  for (const CertificateId& id : ids) CHECK(scene_.state_of(id) == CertificateState::disabling);
  scene_.publish();
  for (const CertificateId& id : ids) {
    CHECK(scene_.state_of(id) == CertificateState::disabled);
    crowd_.set(id, Must::stay_out);
  }
}

void Play::renew_the_server() {
  crowd_.during("renewals of the server");
  for (int i = 0; i < 3; ++i) {
    scene_.space->issue_server(LoadScene::kSales);
    scene_.publish();
  }
}

// Each time by one more client that does not give up.
void Play::refresh_the_lists() {
  crowd_.during("refreshes of the lists");
  for (int i = 0; i < 3; ++i) {
    const CertificateId id = scene_.space->issue_client(LoadScene::kSales).record.id;
    const Client& added = crowd_.add(id);
    crowd_.wait_until("it has come in", [&] { return added.ended() > 0; });
    revoke({id}, RevocationReason::key_compromise);
  }
}

void Play::renew_the_clients() {
  crowd_.during("renewals of the clients");
  std::vector<CertificateId> old;
  for (const Client* client : clients_) {
    old.push_back(client->certificate());
    scene_.space->renew(client->certificate());
  }
  deliver();
  crowd_.wait_until("every client has its successor", [&] {
    for (std::size_t i = 0; i < old.size(); ++i) {
      if (clients_[i]->certificate() == old[i]) return false;
    }
    return true;
  });
  crowd_.during("the days of both certificates");
  crowd_.let_all_go_round(2);
  crowd_.during("the revocation of what was replaced");
  revoke(old, RevocationReason::superseded);
  crowd_.let_all_go_round(2);
}

void Play::prepare_a_root() {
  crowd_.during("the preparation of a root");
  scene_.space->rotate(RotationStep::prepare);
  CHECK_THROWS_AS(scene_.space->rotate(RotationStep::activate), Error);  // the server is not proved to trust it
  scene_.publish();
}

// One client is slow to fetch its bundle again, and as long as it is the server stays where it is.
void Play::activate_and_roll_back() {
  crowd_.during("the notices of a new root");
  Client& slow = *clients_.back();
  slow.reads_mail(false);
  std::vector<int> before;
  for (const Client* client : clients_) before.push_back(client->refreshes());
  static_cast<void>(scene_.authority->advance_roots());
  deliver();
  const auto refreshed = [&](std::size_t i) { return clients_[i]->refreshes() > before[i]; };
  crowd_.wait_until("all but one have the new root", [&] {
    for (std::size_t i = 0; i + 1 < clients_.size(); ++i) {
      if (!refreshed(i)) return false;
    }
    return true;
  });
  CHECK_FALSE(refreshed(clients_.size() - 1));

  crowd_.during("an activation that is rolled back");
  const unsigned old = generation_of(RootState::active);
  scene_.space->rotate(RotationStep::activate);
  const SweepPart waits = scene_.authority->renew_due();
  REQUIRE(waits.late.size() == 1);
  CHECK(waits.late.front().what.find(slow.certificate().text()) != std::string::npos);
  crowd_.let_all_go_round();
  CHECK(server_generation() == old);
  CHECK_THROWS_AS(scene_.space->issue_server(LoadScene::kSales), Error);  // by hand neither
  scene_.space->rotate(RotationStep::rollback);
  CHECK(generation_of(RootState::active) == old);
  scene_.space->issue_server(LoadScene::kSales);
  scene_.publish();
  CHECK(server_generation() == old);

  slow.reads_mail(true);
  crowd_.wait_until("the last one has the new root", [&] { return refreshed(clients_.size() - 1); });
}

void Play::move_to_the_root() {
  crowd_.during("the move to the new root");
  const unsigned fresh = generation_of(RootState::next);
  scene_.space->rotate(RotationStep::activate);
  const SweepPart moves = scene_.authority->renew_due();
  CHECK(moves.late.empty());
  CHECK(moves.failed.empty());
  scene_.publish();
  CHECK(server_generation() == fresh);
  crowd_.let_all_go_round();
  renew_the_clients();
}

void Play::retire_the_old_root() {
  crowd_.during("the end of the old root");
  const unsigned old = generation_of(RootState::retiring);
  CHECK_THROWS_AS(scene_.space->rotate(RotationStep::retire), Error);  // the server's certificates of it are alive
  const auto left = scene_.certificates([old](const CertificateRecord& row) {
    return row.generation == old && (row.state == CertificateState::ready || row.state == CertificateState::pending);
  });
  revoke(left, RevocationReason::superseded);
  scene_.space->rotate(RotationStep::retire);
  scene_.publish();
  CHECK(generation_of(RootState::retiring) == 0);
  crowd_.let_all_go_round(2);
}

void Play::sum_up() const {
  const auto complaints = crowd_.complaints();
  std::string all;
  for (const std::string& complaint : complaints) all += complaint + "\n";
  CHECK(all == "");
  const Crowd::Count count = crowd_.count();
  CHECK(count.came_in > 0);
  CHECK(count.told_why > count.stayed_out / 3);  // every other one is by TLS 1.2, where nobody is left without the reason
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  std::printf("%ld connections came in and %ld stayed out (%ld of them were told why), %ld began or ended in a change; %.1f s\n",
              count.came_in, count.stayed_out, count.told_why, count.unjudged, took.count());
}

}  // namespace

TEST_CASE(
    "twenty clients that reconnect all the time never miss a connection that they should have, nor get one that they should not",
    "[load]") {
  Play play;
  for (int round = 0; round < scale_of_tests(); ++round) {
    play.renew_the_server();
    play.refresh_the_lists();
    play.renew_the_clients();
    play.prepare_a_root();
    play.activate_and_roll_back();
    play.move_to_the_root();
    play.retire_the_old_root();
  }
  play.sum_up();
}

}  // namespace spaceca::test
