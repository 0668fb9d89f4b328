// Every maximum of what comes from outside, checked before anything is allocated, tested at n and n
// + 1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/clock.hpp"

namespace postrider::limits {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;

// Envelope (docs/protocol.md, "Envelope")
inline constexpr std::size_t envelope_recipients_max = 50;
inline constexpr std::size_t part_body_bytes_max = 32 * mib;
inline constexpr std::size_t body_bytes_max = 128 * mib;
inline constexpr std::size_t body_ranges_max = 2048;
inline constexpr std::uint64_t window_numbers_max = 64;
inline constexpr std::size_t batch_header_bytes_max = 64 * kib;

// Inbox
inline constexpr std::size_t inbox_peer_bytes_max = 256 * mib;
inline constexpr std::size_t inbox_peer_parts_max = 5000;
inline constexpr std::size_t replays_remembered_max = 4096;

// Changesets
inline constexpr std::uint64_t batch_rows_max = 1'000'000;
inline constexpr std::uint64_t batch_cell_bytes_max = 256 * mib;
inline constexpr std::size_t own_batch_raw_bytes_max = 8 * mib;
/// What one round reads of the tables that are being loaded.
inline constexpr std::size_t load_chunk_bytes = 1 * mib;
/// What is collected beside writers is kept in memory until it is queued; more is collected while
/// they wait.
inline constexpr std::size_t gentle_collect_bytes = 32 * mib;
inline constexpr std::size_t batch_frames_max = 4096;
inline constexpr std::size_t table_columns_max = 2000; // SQLite's default; PostgreSQL has 1600
inline constexpr std::size_t name_bytes_max = 255;
inline constexpr unsigned cbor_depth_max = 8;
inline constexpr unsigned zstd_window_log_max = 24;
inline constexpr std::size_t decimal_digits_max = 131'072;
inline constexpr unsigned array_dimensions_max = 6;
inline constexpr unsigned json_depth_max = 512;

// What PostgreSQL's triggers have captured: a row fits a page of the greatest size; what captures a
// greater record notes instead that the table has to be read whole
inline constexpr std::size_t capture_row_bytes_max = 32 * kib;
inline constexpr std::size_t capture_record_bytes_max = 1024 * mib;

// Batch headers, reports and control messages
inline constexpr std::size_t batch_origins_max = 1000;
inline constexpr std::size_t batch_dependencies_max = 256;
/// What a frame of changes may be compressed with, and what is kept of one for that.
inline constexpr std::size_t history_table_bytes_max = 64 * kib;
/// What either side keeps of a stream for that, each frame counted with its bytes and as many more
/// as its row costs.
inline constexpr std::size_t history_stream_bytes_max = 1 * mib;
inline constexpr std::size_t history_row_bytes = 256;
inline constexpr std::size_t suites_max = 16;
inline constexpr std::size_t report_streams_max = 256;
inline constexpr std::size_t report_notes_max = 64;
inline constexpr std::size_t note_code_bytes_max = 64;
inline constexpr std::size_t note_message_bytes_max = 400;
inline constexpr std::size_t control_message_bytes_max = 1 * mib;
inline constexpr std::size_t control_items_max = 1000;     // tables of an offer, tasks of a stream
inline constexpr std::size_t table_foreign_keys_max = 100; // of an offered table
inline constexpr std::size_t control_text_bytes_max = 1000;

// Mail
inline constexpr std::size_t mail_address_bytes_max = 254;
inline constexpr std::size_t mail_subject_prefix_bytes_max = 40;
inline constexpr std::size_t mail_bytes_max = 64 * mib;
/// What is fetched of a mail to learn whether it is for us.
inline constexpr std::size_t mail_first_look_bytes = 64 * kib;
/// Of a mail that holds its envelope as text: larger bodies are cut, or searched for long.
inline constexpr std::size_t mail_armour_bytes_max = 1 * mib;
inline constexpr unsigned mime_depth_max = 10;
inline constexpr unsigned mime_encoded_depth_max = 2;
inline constexpr std::size_t mime_parts_max = 1000;
inline constexpr std::size_t mail_envelopes_max = 16;
inline constexpr std::size_t bounce_recipients_max = 50;
inline constexpr std::size_t bounce_names_max = 8;

// Mail servers
/// A line of a reply, without its end; RFC 5321 and RFC 2449 allow 512.
inline constexpr std::size_t server_line_bytes_max = 4 * kib;
inline constexpr std::size_t smtp_reply_lines_max = 100;
inline constexpr std::size_t smtp_recipients_max = envelope_recipients_max;
inline constexpr std::size_t pop3_capabilities_max = 100;
/// Of a mailbox with more messages the oldest ones are not listed.
inline constexpr std::uint64_t pop3_messages_max = 100'000;
inline constexpr std::size_t pop3_unique_id_bytes_max = 70; // RFC 1939
inline constexpr std::size_t pop3_requests_max = 64;        // asked for and not yet answered
inline constexpr std::size_t pop3_pipelined_max = 8;        // of them on their way to the server
/// What is given of the beginning of a message, and of a message at a time.
inline constexpr std::size_t pop3_top_bytes_max = 64 * kib;
inline constexpr std::size_t pop3_piece_bytes_max = 64 * kib;

// Transports
inline constexpr std::size_t transport_events_max = 32;
inline constexpr std::size_t maildir_names_max = 100'000;

// IMAP: what a server may say. Lists of mails are read as they come and have no limit.
inline constexpr std::size_t imap_text_bytes_max = 64 * kib; // behind OK, NO, BAD, BYE, +
inline constexpr std::size_t imap_atom_bytes_max = 8 * kib;
inline constexpr std::size_t imap_quoted_bytes_max = 64 * kib;
/// RFC 3501: a number has 32 bits.
inline constexpr std::uint64_t imap_literal_bytes_max = 4'294'967'295;
inline constexpr std::size_t imap_depth_max = 32;
/// What is read whole: capabilities, a folder's names, quotas.
inline constexpr std::size_t imap_response_bytes_max = 64 * kib;
/// What is kept of the header fields of a listed mail.
inline constexpr std::size_t imap_header_bytes_max = 16 * kib;
inline constexpr std::size_t imap_found_at_once_max = 512;
/// The set of UIDs in one command; RFC 2683 3.2.1.5 advises lines of at most 1000 bytes.
inline constexpr std::size_t imap_set_bytes_max = 900;
inline constexpr std::size_t imap_folder_bytes_max = 1000;
inline constexpr Duration imap_patience = std::chrono::minutes{2};

// The network process
/// All mailboxes with their keys, the most that is said at once.
inline constexpr std::size_t network_frame_bytes_max = part_body_bytes_max + 64 * kib;
/// An envelope travels in pieces of at most so many bytes.
inline constexpr std::size_t network_piece_bytes_max = 128 * kib;
inline constexpr std::size_t network_envelope_bytes_max = part_body_bytes_max + 64 * kib;
inline constexpr std::size_t network_items_max = 10'000; // of a list in a message
/// Of what is submitted to the process without an outcome, the beginnings that were sent along.
inline constexpr std::size_t network_open_bytes_max = 8 * mib;
/// What the process asks for ahead of what it sends to a server.
inline constexpr std::size_t network_ahead_bytes_max = 2 * mib;
inline constexpr std::size_t network_cursor_bytes_max = 64 * kib;
inline constexpr std::size_t network_receipt_bytes_max = 1000;
/// What the process asks for and has no answer to yet.
inline constexpr std::size_t network_questions_max = 256;
/// What is read while the servers of a mailbox are searched for.
inline constexpr std::size_t service_records_max = 64; // of a DNS answer
inline constexpr std::size_t found_page_bytes_max = 64 * kib;
inline constexpr std::size_t found_servers_max = 8; // that are tried, of one source
/// A file or the output of a command.
inline constexpr std::size_t mailbox_secret_bytes_max = 64 * kib;

// Task texts and pairing
inline constexpr std::size_t task_text_bytes_max = 1 * mib;
inline constexpr std::size_t task_sql_depth_max = 200;
inline constexpr std::size_t task_name_bytes_max = 63;
inline constexpr std::int64_t offers_per_peer_max = 1000;
inline constexpr std::size_t invitation_bytes_max = 2 * kib;
inline constexpr Duration invitation_lifetime = std::chrono::hours{24 * 14};
/// What a peer may ask for at most, in reports to it.
inline constexpr Duration report_every_min = std::chrono::minutes{1};
inline constexpr Duration report_every_max = std::chrono::hours{24 * 3650};
/// A peer that was dropped is told so for as long.
inline constexpr Duration farewell_lifetime = std::chrono::hours{24 * 14};

// Parking (docs/correctness.md, C3): more rows of a peer than this hold its stream
inline constexpr std::int64_t parked_rows_max = 100'000;
inline constexpr std::int64_t parked_tried_at_once_max = 2000;
inline constexpr std::size_t parked_tried_bytes_max = 8 * mib;

// Sending
/// Below the 10 MB that old mail servers take, base64 included.
inline constexpr std::size_t part_body_bytes_default = 3600 * kib;
inline constexpr std::size_t transmissions_at_once_max = 64;

// Hours and budgets
inline constexpr std::size_t time_zone_file_bytes_max = 64 * kib;
/// Less than this in a period could not let a report of the greatest size pass.
inline constexpr std::uint64_t budget_bytes_min = 100'000;

// Logs
inline constexpr std::int64_t refused_rows_max = 10'000;
inline constexpr std::int64_t refused_of_strangers_max = 1000;
/// Mails that a bounce is known by.
inline constexpr std::int64_t sent_mails_max = 10'000;

// Incarnations
/// A receiver may know so many incarnations of a stream that its sender has forgotten.
inline constexpr std::uint64_t incarnations_ahead_max = 1024;

// Keys
inline constexpr std::uint32_t ratchet_steps_max = 65'536;
inline constexpr std::size_t secret_file_bytes_max = 4 * kib;
inline constexpr std::size_t state_file_bytes_max = 1 * mib;

// Clocks and patience
inline constexpr Duration clock_ahead_max = std::chrono::minutes{5};

} // namespace postrider::limits
