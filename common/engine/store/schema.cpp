// The list of state tables. docs/architecture.md tells which part of the engine owns which.
#include "common/engine/store/schema.hpp"

#include "common/dialect/capture.hpp"
#include "common/dialect/dialect.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/views.hpp"

namespace postrider::engine {

namespace {

using dialect::StateColumn;
using dialect::StateTable;
using dialect::StateType;

StateColumn integer(const char *name, const char *default_sql = "") {
    return {name, StateType::integer, true, default_sql};
}

StateColumn text(const char *name, const char *default_sql = "") {
    return {name, StateType::text, true, default_sql};
}

StateColumn blob(const char *name) {
    return {name, StateType::blob};
}

/// 0 or 1.
StateColumn boolean(const char *name) {
    return integer(name, "0");
}

StateColumn maybe(StateColumn column) {
    column.not_null = false;
    return column;
}

/// A table that never has but one row.
StateTable one_row(const char *name, std::vector<StateColumn> columns) {
    columns.insert(columns.begin(), integer("one"));
    return {
        .name = name, .columns = std::move(columns), .primary_key = {"one"}, .checks = {"one = 1"}};
}

/// Who we are. `low` is the watermark last promised, `report_counter` and `last_parked` (of rows in
/// `parked_row`) the last ones used.
/// `start_token` was drawn at the last start, when the counter was at `start_since` and the state
/// file held `state_token`. `doubt` says why our past is in doubt, until a new incarnation begins;
/// it will be greater than `doubt_incarnation`, which a peer has seen. `suspicion` why peers are to
/// be asked. `stopped` says why nothing is sent from here any more. `secret_user` is the user of
/// the operating system whose secret directory holds the secret. `works_since` tells since when
/// this node was at work without a long pause, `worked_at` when it last was.
StateTable node_table() {
    return one_row("node", {blob("node_id"),
                            text("name"),
                            integer("incarnation"),
                            integer("collect_number", "0"),
                            integer("report_counter", "0"),
                            integer("last_parked", "0"),
                            integer("last_stamp", "0"),
                            integer("low", "0"),
                            maybe(blob("start_token")),
                            integer("start_since", "0"),
                            maybe(blob("state_token")),
                            boolean("claimed"),
                            text("doubt", "''"),
                            integer("doubt_incarnation", "0"),
                            text("suspicion", "''"),
                            maybe(integer("suspected_at")),
                            text("stopped", "''"),
                            text("secret_user", "''"),
                            blob("sign_public"),
                            blob("sign_sealed"),
                            integer("sign_generation", "0"),
                            blob("contact_public"),
                            blob("contact_sealed"),
                            integer("receiving_generation", "0"),
                            integer("receiving_since", "0"),
                            text("settings", "''"),
                            maybe(integer("worked_at")),
                            maybe(integer("works_since")),
                            integer("created_at")});
}

/// A peer as we know it. `parked_told` is how many of its rows it was last told to be parked here,
/// `parked_there` how many of ours it has told to be parked there. `stamp_in` is the key we gave it
/// for what it sends to us, `stamp_out` the one it gave us. `unapproved` is what waits for
/// `approve`, as it was last seen. `leaves_at`: when a peer that was dropped is forgotten, told or
/// not. `former_node`: the node that a new machine was to replace. The columns from `asks_every` on
/// are those of engine/sign_of_life.hpp: milliseconds that we ask of it, were told to it, and that
/// it asks of us. `pace_told`, `pace_kept`: what it was told to keep to, and what it has told us to
/// (engine/mailbox_share.hpp).
StateTable peer_table() {
    // What is edited by hand must be such that it can be read.
    const std::string known_state = "state IN ('declared', 'invited', 'accepted', 'paired',"
                                    " 'verified', 'disputed', 'revoked', 'left', 'leaving')";
    return {.name = "peer",
            .columns = {integer("peer_id"),
                        text("name"),
                        maybe(blob("node_id")),
                        text("state", "'declared'"),
                        text("attributes", "''"),
                        text("settings", "''"),
                        boolean("trust_tasks"),
                        boolean("paused"),
                        integer("sign_generation", "0"),
                        maybe(blob("sign_public")),
                        maybe(blob("contact_public")),
                        integer("receiving_generation", "0"),
                        maybe(blob("receiving_public")),
                        maybe(blob("psk_sealed")),
                        maybe(blob("stamp_in_sealed")),
                        maybe(blob("stamp_out_sealed")),
                        text("words", "''"),
                        integer("suites", "0"),
                        integer("announced_generation", "0"),
                        integer("seals_to_generation", "0"),
                        maybe(integer("key_notice_due_at")),
                        maybe(integer("key_notice_sent_at")),
                        integer("clock_ahead", "0"),
                        integer("last_note", "0"),
                        integer("notes_seen", "0"),
                        integer("notes_taken", "0"),
                        integer("parked_told", "0"),
                        integer("parked_there", "0"),
                        text("parked_there_reason", "''"),
                        maybe(integer("heard_at")),
                        maybe(integer("sent_at")),
                        text("held", "''"),
                        text("unapproved", "''"),
                        maybe(integer("leaves_at")),
                        maybe(blob("former_node")),
                        integer("asks_every", "0"),
                        integer("asks_told", "0"),
                        maybe(integer("asks_since")),
                        maybe(integer("silent_since")),
                        integer("reports_every", "0"),
                        maybe(integer("reported_at")),
                        text("pace_told", "''"),
                        text("pace_kept", "''"),
                        maybe(blob("configuration_mac")),
                        integer("created_at")},
            .primary_key = {"peer_id"},
            .unique = {{"name"}, {"node_id"}},
            .checks = {known_state, "length(node_id) = 16", "length(sign_public) = 32",
                       "length(contact_public) = 32", "length(receiving_public) = 32"}};
}

/// What reports told of a peer's starts (stream/lineage.hpp), and what it knows of ours. `proof`
/// goes back to it with its youngest mark. `told_token` is our start that it was told last,
/// `acknowledged_token` the last one that it has seen. `hello_at`: when to ask it again where it
/// stands; `answer_at`: when to tell it how far it was seen itself; `asked_at`: when its last
/// report asked where we stand, empty where that one did not.
StateTable peer_start_table() {
    return {.name = "peer_start",
            .columns = {integer("peer_id"), integer("incarnation", "0"), integer("counter", "0"),
                        maybe(blob("token")), boolean("claimed"), maybe(blob("proof")),
                        blob("earlier"), maybe(blob("left_token")), integer("suspicion", "0"),
                        maybe(integer("suspected_at")), boolean("two_copies"),
                        maybe(blob("told_token")), maybe(blob("acknowledged_token")),
                        maybe(integer("hello_at")), integer("hello_tries", "0"),
                        maybe(integer("answer_at")), maybe(integer("answered_at")),
                        maybe(integer("asked_at"))},
            .primary_key = {"peer_id"}};
}

/// `paced_since`: since when it has a limit or hours, 0 without; `used_at`: its last opening that
/// was used. `found_…`: the servers that were found where the text names none.
StateTable mailbox_table() {
    return {.name = "mailbox",
            .columns = {text("name"), text("address"), text("receive", "''"), text("send", "''"),
                        text("settings", "''"), maybe(blob("cursor")), integer("paced_since", "0"),
                        maybe(integer("used_at")), text("found_receive", "''"),
                        text("found_send", "''"), text("found_how", "''"),
                        maybe(blob("configuration_mac"))},
            .primary_key = {"name"}};
}

/// How receiving fares (engine/mailbox_health.hpp): it fails since, has so often, and why; when it
/// last worked, and when a mail of ours came last. `filled`: percent of its storage that are used,
/// 0 below 80.
StateTable mailbox_health_table() {
    return {.name = "mailbox_health",
            .columns = {text("name"), maybe(integer("failing_since")), integer("failures", "0"),
                        text("error", "''"), text("hint", "''"), maybe(integer("worked_at")),
                        maybe(integer("received_at")), maybe(integer("filled"))},
            .primary_key = {"name"}};
}

std::vector<StateTable> identity_tables() {
    return {
        one_row("schema_version", {integer("version")}),
        node_table(),
        one_row("lease", {integer("fencing"), text("holder")}),
        dialect::epoch_table(),
        mailbox_table(),
        mailbox_health_table(),
        {.name = "group", .columns = {text("name")}, .primary_key = {"name"}},
        peer_table(),
        peer_start_table(),
        {.name = "peer_group",
         .columns = {integer("peer_id"), text("group_name")},
         .primary_key = {"peer_id", "group_name"}},
        // `mail_bytes_max`: a larger mail was refused, or half of one was. The seven columns from
        // `container` on are those of engine/containers.hpp, those that begin with `bounce` of
        // engine/bounces.hpp.
        {.name = "peer_path",
         .columns = {integer("peer_id"),
                     integer("ordinal"),
                     text("kind"),
                     text("target"),
                     text("mailbox", "''"),
                     text("settings", "''"),
                     integer("failures", "0"),
                     maybe(integer("next_try_at")),
                     text("last_error", "''"),
                     text("last_hint", "''"),
                     maybe(integer("worked_at")),
                     maybe(integer("mail_bytes_max")),
                     integer("container", "0"),
                     maybe(integer("container_since")),
                     maybe(integer("probe_at")),
                     integer("probes", "0"),
                     integer("report_turns", "0"),
                     integer("suspected", "0"),
                     maybe(integer("suspected_at")),
                     integer("paced_since", "0"),
                     maybe(integer("used_at")),
                     maybe(integer("waits_until")),
                     text("waits_for", "''"),
                     integer("bounces", "0"),
                     maybe(integer("bounced_at")),
                     maybe(integer("bounce_until")),
                     text("bounce_error", "''"),
                     text("bounce_hint", "''"),
                     maybe(blob("configuration_mac"))},
         .primary_key = {"peer_id", "ordinal"}},
        // A pairing under way. role: inviter or accepter. state: open, used, disputed or expired at
        // the inviter; answered, confirmed or expired at the accepter. `key_sealed` is K,
        // `answer_sealed` the answer that was sent or taken, `next_try_at` when its message goes
        // out (again).
        {.name = "invitation",
         .columns = {blob("invitation_id"), integer("peer_id"), text("role"), text("state"),
                     blob("public_invitation"), blob("key_sealed"), maybe(blob("nonce_sealed")),
                     maybe(blob("answer_sealed")), integer("expires_at"), integer("tries", "0"),
                     maybe(integer("next_try_at")), boolean("trust_tasks"),
                     maybe(blob("configuration_mac"))},
         .primary_key = {"invitation_id"},
         .checks = {"role IN ('inviter', 'accepter')",
                    "state IN ('open', 'used', 'disputed', 'answered', 'confirmed', 'expired')"}},
        // Receiving generations after the first, and since when each is announced.
        {.name = "receiving_key",
         .columns = {integer("generation"), integer("announced_at")},
         .primary_key = {"generation"}},
    };
}

std::vector<StateTable> task_tables() {
    return {
        {.name = "task",
         .columns = {integer("task_id"), blob("declared_by"), text("name"), text("direction"),
                     text("statement"), text("lane"), text("pacing", "''"),
                     integer("priority", "1"), boolean("no_load"), boolean("paused"),
                     integer("created_at")},
         .primary_key = {"task_id"},
         .unique = {{"declared_by", "name"}}},
        // Which local table stands for which name on the wire; `columns` is empty for all of them.
        {.name = "task_table",
         .columns = {integer("task_id"), integer("ordinal"), text("local_name"), text("wire_name"),
                     text("columns", "''"), text("settings", "''"),
                     maybe(blob("configuration_mac"))},
         .primary_key = {"task_id", "ordinal"}},
        // state: waiting (not yet offered), offered, active, refused, withdrawn. `engine`: the kind
        // of the peer's database, where tables are made here after its own. `offer_number`: of the
        // offer that was made last, which its acceptance names; 0 for none in the present form.
        {.name = "task_peer",
         .columns = {integer("task_id"), integer("peer_id"), text("state", "'waiting'"),
                     text("reason", "''"), integer("offer_position", "0"), integer("changed_at"),
                     text("engine", "''"), integer("offer_number", "0")},
         .primary_key = {"task_id", "peer_id"}},
        // Tables, by their names on the wire, that a peer has of a task and that are the same in
        // the task's present form: they go on while the peer has not accepted that yet. They travel
        // in `stream` (engine/lane_streams.hpp), from the queue's `from_position` on: what is
        // before went by another one.
        {.name = "task_flow",
         .columns = {integer("task_id"), integer("peer_id"), text("wire_name"),
                     integer("stream", "0"), integer("from_position", "0")},
         .primary_key = {"task_id", "peer_id", "wire_name"}},
        // What a peer proposes. state: open, accepted, waiting for table (accepted before its
        // tables were here). `message` is the control message as it came, `ddl` what would make the
        // tables that were not here then.
        {.name = "offer",
         .columns = {integer("peer_id"), text("name"), text("state", "'open'"), blob("message"),
                     text("ddl", "''"), integer("received_at")},
         .primary_key = {"peer_id", "name"}},
        // Tables with capture triggers; the keys lie in capture_<capture_id>. `kept`: columns whose
        // old values it keeps, for filters; empty for none. `parts`: those of a partitioned table
        // when it was looked at last.
        {.name = "capture",
         .columns = {integer("capture_id"), text("table_name"), text("fingerprint"),
                     boolean("with_mask"), text("held", "''"), text("kept", "''"),
                     text("parts", "''")},
         .primary_key = {"capture_id"},
         .unique = {{"table_name"}}},
        // What the node may do with tables because tasks ask for it, where the database knows
        // rights.
        {.name = "table_right",
         .columns = {text("table_name"), boolean("reads"), boolean("writes")},
         .primary_key = {"table_name"}},
        // Rows of a table that are sent again or for the first time (engine/load_request.hpp):
        // asked for, begun, finished. How far it is: rows up to `after_key`, the last of them at
        // `chunk_position` in the queue.
        {.name = "load",
         .columns = {integer("load_id"), integer("capture_id"), integer("kind"),
                     maybe(blob("after_key")), integer("rows", "0"), integer("estimated", "0"),
                     integer("chunks", "0"), integer("chunk_position", "0"),
                     maybe(integer("started_at")), maybe(integer("finished_at"))},
         .primary_key = {"load_id"},
         .indexes = {{"finished_at", "capture_id"}}},
        // For whom a load is, or was; a peer is in the last one of each table.
        {.name = "load_peer",
         .columns = {integer("load_id"), integer("peer_id")},
         .primary_key = {"load_id", "peer_id"}},
    };
}

/// A stream that we send (stream/outgoing.hpp); 0 is control. One whose `lane` is empty carries
/// nothing and is given to the next lane that needs one. `cursor` is the queue position up to which
/// its batches are made. `pacing` and `priority` are those of its lane, `hidden` the PRIVATE
/// columns that its history knows nothing of, and the columns from `paced_since` on what
/// engine/pacing.hpp knows of it. `stale_since`: what waited was let go (engine/keep.hpp).
StateTable stream_out_table() {
    return {.name = "stream_out",
            .columns = {integer("peer_id"),
                        integer("stream"),
                        text("lane", "''"),
                        text("pacing", "''"),
                        integer("priority", "1"),
                        text("hidden", "''"),
                        integer("state", "0"),
                        text("reason", "''"),
                        integer("incarnation"),
                        integer("last_number", "0"),
                        blob("last_chain"),
                        integer("acknowledged", "0"),
                        blob("acknowledged_chain"),
                        integer("rebase_incarnation", "0"),
                        integer("rebase_number", "0"),
                        maybe(blob("rebase_chain")),
                        boolean("awaits_position"),
                        integer("reporter_incarnation", "0"),
                        integer("report_counter", "0"),
                        maybe(integer("round_trip")),
                        integer("cursor", "0"),
                        integer("paced_since", "0"),
                        maybe(integer("stepped_at")),
                        integer("step_to", "0"),
                        integer("front", "0"),
                        maybe(integer("waits_until")),
                        text("waits_for", "''"),
                        maybe(integer("acknowledged_at")),
                        maybe(integer("stale_since"))},
            .primary_key = {"peer_id", "stream"}};
}

std::vector<StateTable> sending_tables() {
    return {
        // The ordered log of changesets: what was captured here and what was applied for others.
        // `from_peer` is 0 for our own; such an entry never goes back there. `peers`: to whom it
        // goes, where that is not everybody (engine/queue.hpp). An entry that `continues` is one
        // step with the next.
        {.name = "queue",
         .columns = {integer("queue_position"), blob("origin"), integer("incarnation"),
                     integer("collect_number"), integer("from_peer", "0"), text("peers", "''"),
                     integer("rows"), boolean("continues"), integer("created_at"), blob("content")},
         .primary_key = {"queue_position"}},
        stream_out_table(),
        // The receiver needs the batches of `after_stream` up to `number` before what `stream`
        // sends next: tables have gone over from one to the other, at `queue_position`. Kept, once
        // they are acknowledged, while `stream` has batches on their way that may name them.
        {.name = "stream_marker",
         .columns = {integer("peer_id"), integer("stream"), integer("after_stream"),
                     integer("incarnation"), integer("number"), integer("queue_position")},
         .primary_key = {"peer_id", "stream", "after_stream"}},
        // Sealed batches, kept until acknowledged. `wanted` is what to transmit next of the body,
        // empty for all of it. How it went (engine/containers.hpp): by which path, 0 for none yet
        // and -1 where that is not known, and in which forms.
        {.name = "outbox",
         .columns = {integer("peer_id"), integer("stream"), integer("number"), blob("chain"),
                     blob("body_hash"), integer("body_total"), boolean("continues"),
                     boolean("stored"), integer("tries", "0"), maybe(integer("last_sent")),
                     integer("next_send"), blob("wanted"), integer("path_ordinal", "0"),
                     maybe(blob("passage")), integer("container_turns", "0"), integer("queue_to"),
                     integer("rows"), blob("content_key_sealed"), blob("body")},
         .primary_key = {"peer_id", "stream", "number"}},
        // Mails that servers took, by the name in their Message-ID, until their batch is
        // acknowledged (engine/bounces.hpp).
        {.name = "sent_mail",
         .columns = {integer("mail_id"), text("message_name"), integer("peer_id"),
                     integer("path_ordinal"), text("target"), maybe(integer("stream")),
                     integer("number"), integer("mail_bytes"), integer("container", "0"),
                     integer("sent_at"), boolean("bounced")},
         .primary_key = {"mail_id"},
         .indexes = {{"message_name"}, {"peer_id", "stream", "number"}}},
        // Schemas that went out in this stream's incarnation and need not be sent again.
        {.name = "schema_out",
         .columns = {integer("peer_id"), integer("stream"), text("table_name"), blob("hash")},
         .primary_key = {"peer_id", "stream", "table_name", "hash"}},
        // Tables, by their names on the wire, of which anything has ever gone to the peer: loading
        // such a table again replaces what is there.
        {.name = "table_sent",
         .columns = {integer("peer_id"), text("table_name")},
         .primary_key = {"peer_id", "table_name"}},
        // What was spent of a limit in the period that began at `period_start`
        // (engine/budgets.hpp). scope: "path" (`number` is its ordinal), "stream", or "mailbox
        // NAME"
        // (of peer 0), and "mails" or "bytes".
        {.name = "budget",
         .columns = {integer("peer_id"), text("scope"), integer("number"), integer("period_start"),
                     integer("used"), maybe(integer("last_at"))},
         .primary_key = {"peer_id", "scope", "number"}},
        // Control messages that wait for the next batch of stream 0.
        {.name = "control_out",
         .columns = {integer("control_id"), integer("peer_id"), blob("message")},
         .primary_key = {"control_id"}},
    };
}

std::vector<StateTable> receiving_tables() {
    return {
        // A stream that we receive (stream/incoming.hpp), and what is to be reported of it
        // (stream/acknowledgement.hpp).
        {.name = "stream_in",
         .columns = {integer("peer_id"), integer("stream"), integer("state", "0"),
                     text("reason", "''"), integer("applied_incarnation", "0"),
                     integer("applied_number", "0"), blob("applied_chain"),
                     integer("newcomer", "0"), integer("refused", "0"),
                     maybe(integer("news_since")), maybe(integer("gap_since")),
                     integer("gap_reports", "0"), maybe(integer("last_gap_report")),
                     maybe(integer("last_repeat")), integer("repeats", "0"),
                     maybe(integer("told_at")), boolean("at_once"), integer("front_number", "0"),
                     maybe(integer("next_try_at"))},
         .primary_key = {"peer_id", "stream"}},
        // Bodies that are whole or still miss parts. The columns from previous_chain on are filled
        // once a whole body was
        // opened and found good.
        {.name = "inbox_body",
         .columns = {integer("peer_id"), integer("stream"), integer("number"), blob("body_hash"),
                     integer("incarnation"), integer("total"), blob("content_key_sealed"),
                     integer("received_at"), maybe(blob("previous_chain")), maybe(blob("chain")),
                     boolean("continues"), integer("rebase_incarnation", "0"),
                     integer("rebase_number", "0"), maybe(blob("rebase_chain"))},
         .primary_key = {"peer_id", "stream", "number", "body_hash"}},
        {.name = "inbox_part",
         .columns = {integer("peer_id"), integer("stream"), integer("number"), blob("body_hash"),
                     integer("body_offset"), integer("size"), blob("content")},
         .primary_key = {"peer_id", "stream", "number", "body_hash", "body_offset"}},
        // What a whole body names of other streams of the peer that must be applied before it.
        {.name = "needed_batch",
         .columns = {integer("peer_id"), integer("stream"), integer("number"), blob("body_hash"),
                     integer("of_stream"), integer("incarnation"), integer("of_number")},
         .primary_key = {"peer_id", "stream", "number", "body_hash", "of_stream"}},
    };
}

std::vector<StateTable> applying_tables() {
    return {
        {.name = "schema_in",
         .columns = {integer("peer_id"), integer("stream"), text("table_name"), blob("hash"),
                     blob("content")},
         .primary_key = {"peer_id", "stream", "table_name", "hash"}},
        // The shape in which a table came last, applied or not, and how it differs from the table
        // here (engine/differences.hpp); `column_name` is empty for what is of the whole table.
        {.name = "shape_in",
         .columns = {integer("peer_id"), text("wire_name"), blob("content")},
         .primary_key = {"peer_id", "wire_name"}},
        {.name = "schema_difference",
         .columns = {integer("peer_id"), text("wire_name"), text("local_name"), text("column_name"),
                     text("difference"), text("handling"), text("action")},
         .primary_key = {"peer_id", "wire_name", "column_name", "difference"}},
        // Frames of changes that later ones of the same table are compressed with, as the batch
        // `number` held them: of streams that we send and of those that we receive. `floor` is what
        // the batch named: nothing below it is needed by later ones.
        {.name = "history_frame",
         .columns = {text("direction"), integer("peer_id"), integer("stream"),
                     integer("incarnation"), integer("number"), text("table_name"),
                     integer("floor"), blob("content")},
         .primary_key = {"direction", "peer_id", "stream", "incarnation", "number", "table_name"},
         .checks = {"direction IN ('sent', 'received')"}},
        // Keys of a step that is being applied batch by batch (engine/apply_piecewise.hpp): of rows
        // that go at its end, and of those that came of tables that come whole. Empty between
        // transactions.
        {.name = "step_key",
         .columns = {text("table_name"), blob("row_key"), boolean("goes")},
         .primary_key = {"table_name", "row_key"}},
        // Changes of rows that could not be applied yet, one for each row of the sender's
        // (engine/park.hpp). `content` is the change with its schema; `row_key` its key, `row_text`
        // the same for people; `number` the batch that brought the last change of the row.
        {.name = "parked_row",
         .columns = {integer("parked_id"), integer("peer_id"), integer("stream"), integer("number"),
                     text("wire_name"), text("local_name"), blob("row_key"), text("row_text"),
                     text("operation"), blob("content"), text("code"), text("reason"), text("hint"),
                     integer("parked_at"), integer("tries", "0"), maybe(integer("tried_at"))},
         .primary_key = {"parked_id"},
         .unique = {{"peer_id", "wire_name", "row_key"}}},
        // What we have to tell the peer, numbered, until it says that it has seen it.
        {.name = "note",
         .columns = {integer("peer_id"), integer("note"), integer("kind"), integer("stream"),
                     integer("number"), integer("rows"), text("code"), text("message"),
                     maybe(integer("told_at"))},
         .primary_key = {"peer_id", "note"}},
    };
}

std::vector<StateTable> log_tables() {
    return {
        // One row per batch sent or received, kept as long as KEEP says; the view history shows it.
        {.name = "delivery",
         .columns = {integer("delivery_id"), integer("peer_id"), text("direction"),
                     integer("stream"), integer("incarnation"), integer("number"), integer("rows"),
                     integer("bytes"), integer("mails", "0"), text("state"), text("detail", "''"),
                     integer("created_at"), maybe(integer("sent_at")),
                     maybe(integer("finished_at"))},
         .primary_key = {"delivery_id"},
         .unique = {{"peer_id", "direction", "stream", "incarnation", "number"}}},
        // Things an operator may want to know; a row trigger of the user may act on them.
        {.name = "event",
         .columns = {integer("event_id"), integer("happened_at"), text("kind"),
                     maybe(integer("peer_id")), text("message"), text("action", "''")},
         .primary_key = {"event_id"}},
        // Peers of which ALERT tells people (engine/alerts.hpp): something is wrong since, or is
        // well again; a mail about it has left; when to try again, and what failed last.
        {.name = "trouble",
         .columns = {integer("peer_id"), maybe(integer("since")), maybe(integer("told_at")),
                     maybe(integer("try_at")), text("failed_through", "''")},
         .primary_key = {"peer_id"}},
        // What came in and was not taken, with the reason; equal ones are counted.
        {.name = "refusal",
         .columns = {integer("refused_id"), maybe(integer("peer_id")), text("source"),
                     text("reason"), text("hint", "''"), integer("count", "1"), integer("first_at"),
                     integer("last_at")},
         .primary_key = {"refused_id"},
         .indexes = {{"source"}}},
    };
}

} // namespace

std::vector<dialect::StateTable> state_tables() {
    std::vector<StateTable> all;
    for (const auto &part : {identity_tables(), task_tables(), sending_tables(), receiving_tables(),
                             applying_tables(), log_tables()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

std::vector<std::string> state_script(const dialect::Dialect &dialect) {
    std::vector<std::string> script;
    for (const StateTable &table : state_tables()) {
        script.push_back(dialect.create_table(table));
    }
    for (const View &view : views(dialect)) {
        script.push_back("CREATE VIEW @" + view.name + " AS " + view.select_sql + ";\n");
    }
    script.push_back("INSERT INTO @schema_version (one, version) VALUES (1, " +
                     std::to_string(schema_version) + ");\n");
    script.emplace_back("INSERT INTO @epoch (one, epoch) VALUES (1, 1);\n");
    script.emplace_back("INSERT INTO @lease (one, fencing, holder) VALUES (1, 0, '');\n");
    return script;
}

void create_state_tables(Transaction &transaction, const dialect::Dialect &dialect) {
    for (const std::string &statements : state_script(dialect)) {
        transaction.execute_script(statements);
    }
}

Result<bool> has_state_tables(Transaction &transaction, const dialect::Dialect &dialect) {
    std::optional<Row> row;
    const Result<void> asked = transaction.attempt([&]() -> Result<void> {
        row = first_row(transaction, dialect.state_version());
        return {};
    });
    if (!asked) {
        return false;
    }
    if (!row || integer_at(*row, 0) > schema_version) {
        return Error{Errc::unsupported_version,
                     "the state tables of this database are of a newer Postrider",
                     {},
                     "Use that version of Postrider, or a newer one."};
    }
    return true;
}

} // namespace postrider::engine
