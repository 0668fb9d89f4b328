// The function that tries a mailbox. The session starts a network process of its own for it, and
// waits as a session does: it can be cancelled.
#include "common/transport/mailbox_check.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/node.hpp"

extern "C" {
#include <miscadmin.h>
#include <storage/latch.h>
#include <utils/wait_event.h>

#include "pg_extension/compat.h"
#include "pg_extension/settings.h"
}

namespace postrider::pg {

namespace {

void wait_in_session(const std::optional<engine::Waking> &waking, Duration at_most) {
    const int descriptor = waking ? waking->descriptor : PGINVALID_SOCKET;
    int events = WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH;
    if (descriptor != PGINVALID_SOCKET) {
        events |= WL_SOCKET_READABLE | (waking->wants_to_write ? WL_SOCKET_WRITEABLE : 0);
    }
    call([&]() noexcept {
        (void)WaitLatchOrSocket(MyLatch, events, descriptor, static_cast<long>(at_most.count()),
                                PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    });
}

} // namespace

SQL_FUNCTION(postrider_check_mailbox) {
    const std::string name = required_text(fcinfo, 0, "the mailbox's name");
    const Duration at_most = unwrap(transport::check_duration(
        PG_ARGISNULL(1) ? Value{} : Value{static_cast<std::int64_t>(PG_GETARG_INT64(1))}));
    engine::Mailbox mailbox;
    as_node(engine::Mode::read, [&](const NodeSite &site) {
        mailbox = unwrap(transport::mailbox_to_check(site.session, name));
    });
    const engine::ActionRows rows = transport::check_mailbox(
        {.network_program = std::string{pkglib_path} + "/postrider-network",
         .version = POSTRIDER_VERSION,
         .secrets = {.directory = postrider_secret_directory, .may_run_commands = true},
         .wait = wait_in_session},
        mailbox, at_most);
    as_node(engine::Mode::write,
            [&](const NodeSite &site) { transport::note_check(site.session, name, rows); });
    return give_actions(fcinfo, rows);
}

} // namespace postrider::pg
