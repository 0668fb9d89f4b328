// Control messages are arrays that begin with their number:
//
//   [0, task, direction, [+ table], [* [option, value]], create missing, no load, paused,
//    number]                                                                              offer
//   table = [wire name, local name, schema frame or null,
//            [* [[+ column], parent's wire name, [+ parent column]]]]
//   [1, task]                   offer withdrawn      [4, task]       pause
//   [2, task, [* wire name], [* table], engine, number] task accepted [5, task]      resume
//   [3, task, reason]           task refused         [6]             farewell
//   [7, stream, lane, [* task]] stream open          [9, task]       task unknown
//   [8, [* name]]               tasks in force       [10, seconds]   report every
//   task = declaring node, name (two items)
#include "common/wire/control.hpp"

#include "common/base/limits.hpp"
#include "common/wire/report_format.hpp"

namespace postrider::wire {

namespace {

constexpr std::uint64_t directions = 3;
constexpr std::size_t message_parts_max = 10;
constexpr std::size_t table_parts = 4;
constexpr std::size_t foreign_key_parts = 3;

/// Writes the message's number, then its fields.
struct MessageWriter {
    CborWriter &out;

    void head(std::uint64_t number, std::size_t fields) const {
        out.array(1 + fields);
        out.unsigned_integer(number);
    }

    void task(const TaskName &task) const {
        out.bytes(task.declaring_node);
        out.text(task.name);
    }

    void texts(const std::vector<std::string> &texts) const {
        out.array(texts.size());
        for (const std::string &text : texts) {
            out.text(text);
        }
    }

    void tables(const std::vector<OfferedTable> &tables) const {
        out.array(tables.size());
        for (const OfferedTable &table : tables) {
            out.array(table_parts);
            out.text(table.wire_name);
            out.text(table.local_name);
            if (table.schema) {
                out.bytes(encode_schema(*table.schema).raw);
            } else {
                out.null();
            }
            out.array(table.foreign_keys.size());
            for (const OfferedForeignKey &key : table.foreign_keys) {
                out.array(foreign_key_parts);
                texts(key.columns);
                out.text(key.parent);
                texts(key.parent_columns);
            }
        }
    }

    void operator()(const Offer &offer) const {
        head(0, 9);
        task(offer.task);
        out.unsigned_integer(static_cast<std::uint64_t>(offer.direction));
        tables(offer.tables);
        out.array(offer.options.size());
        for (const auto &[name, value] : offer.options) {
            out.array(2);
            out.text(name);
            out.text(value);
        }
        out.boolean(offer.create_missing);
        out.boolean(offer.no_load);
        out.boolean(offer.paused);
        out.unsigned_integer(offer.number);
    }

    void operator()(const OfferWithdrawn &message) const {
        head(1, 2);
        task(message.task);
    }

    void operator()(const TaskAccepted &message) const {
        head(2, 6);
        task(message.task);
        texts(message.tables);
        tables(message.shapes);
        out.text(message.engine);
        out.unsigned_integer(message.number);
    }

    void operator()(const TaskRefused &message) const {
        head(3, 3);
        task(message.task);
        out.text(message.reason);
    }

    void operator()(const PauseTask &message) const {
        head(4, 2);
        task(message.task);
    }

    void operator()(const ResumeTask &message) const {
        head(5, 2);
        task(message.task);
    }

    void operator()(const Farewell & /*message*/) const { head(6, 0); }

    void operator()(const StreamOpen &message) const {
        head(7, 3);
        out.unsigned_integer(message.stream);
        out.text(message.lane);
        out.array(message.tasks.size());
        for (const TaskName &name : message.tasks) {
            out.array(2);
            task(name);
        }
    }

    void operator()(const TasksInForce &message) const {
        head(8, 1);
        texts(message.names);
    }

    void operator()(const TaskUnknown &message) const {
        head(9, 2);
        task(message.task);
    }

    void operator()(const ReportEvery &message) const {
        head(10, 1);
        out.unsigned_integer(static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(message.every).count()));
    }

    void operator()(const KeepTo &message) const {
        head(11, 1);
        out.text(message.pacing);
    }
};

class MessageReader {
  public:
    explicit MessageReader(ByteView raw) : in_(raw) {}

    Result<ControlMessage> read();

  private:
    ControlMessage read_fields(std::uint64_t number);
    Offer read_offer();
    std::vector<OfferedTable> read_tables();
    OfferedTable read_table();
    OfferedForeignKey read_foreign_key();
    void read_options(std::map<std::string, std::string> &out);
    StreamOpen read_stream_open();
    ReportEvery read_report_every();

    TaskName task() {
        TaskName out;
        out.declaring_node = in_.fixed<16>();
        out.name = in_.text(limits::name_bytes_max);
        return out;
    }

    std::string text() { return std::string(in_.text(limits::control_text_bytes_max)); }

    std::string name() { return std::string(in_.text(limits::name_bytes_max)); }

    std::vector<std::string> names() {
        std::vector<std::string> out;
        const std::size_t count = in_.array(limits::control_items_max);
        for (std::size_t index = 0; index < count && in_.ok(); ++index) {
            out.push_back(name());
        }
        return out;
    }

    CborReader in_;
};

/// Fields of each message by its number.
constexpr std::array<std::size_t, 12> field_counts = {9, 2, 6, 3, 2, 2, 0, 3, 1, 2, 1, 1};

Result<ControlMessage> MessageReader::read() {
    const std::size_t size = in_.array(message_parts_max);
    const std::uint64_t number = in_.unsigned_integer();
    if (in_.ok() && number >= field_counts.size()) {
        return Error{Errc::unsupported_version, "control message of a kind not known here"};
    }
    if (!in_.ok() || size != 1 + field_counts.at(number)) {
        in_.fail();
        return in_.error("control message");
    }
    ControlMessage out = read_fields(number);
    if (!in_.at_end()) {
        in_.fail();
        return in_.error("control message");
    }
    return out;
}

ControlMessage MessageReader::read_fields(std::uint64_t number) {
    switch (number) {
    case 0:
        return read_offer();
    case 1:
        return OfferWithdrawn{task()};
    case 2: {
        TaskAccepted out;
        out.task = task();
        out.tables = names();
        out.shapes = read_tables();
        out.engine = name();
        out.number = in_.unsigned_integer();
        return out;
    }
    case 3: {
        TaskName name = task();
        return TaskRefused{std::move(name), text()};
    }
    case 4:
        return PauseTask{task()};
    case 5:
        return ResumeTask{task()};
    case 7:
        return read_stream_open();
    case 8:
        return TasksInForce{names()};
    case 9:
        return TaskUnknown{task()};
    case 10:
        return read_report_every();
    case 11:
        return KeepTo{text()};
    default:
        return Farewell{};
    }
}

Offer MessageReader::read_offer() {
    Offer out;
    out.task = task();
    out.direction = static_cast<Direction>(in_.choice(directions));
    out.tables = read_tables();
    read_options(out.options);
    out.create_missing = in_.boolean();
    out.no_load = in_.boolean();
    out.paused = in_.boolean();
    out.number = in_.unsigned_integer();
    return out;
}

std::vector<OfferedTable> MessageReader::read_tables() {
    std::vector<OfferedTable> out;
    const std::size_t tables = in_.array(limits::control_items_max);
    for (std::size_t index = 0; index < tables && in_.ok(); ++index) {
        out.push_back(read_table());
    }
    return out;
}

OfferedTable MessageReader::read_table() {
    OfferedTable out;
    expect_array(in_, table_parts);
    out.wire_name = name();
    out.local_name = name();
    if (!in_.skip_null()) {
        const ByteView raw = in_.bytes();
        Result<TableSchema> schema = decode_schema(raw);
        if (in_.ok() && schema && schema->name == out.wire_name) {
            out.schema = std::move(*schema);
        } else {
            in_.fail();
        }
    }
    const std::size_t keys = in_.array(limits::table_foreign_keys_max);
    for (std::size_t index = 0; index < keys && in_.ok(); ++index) {
        out.foreign_keys.push_back(read_foreign_key());
    }
    return out;
}

OfferedForeignKey MessageReader::read_foreign_key() {
    OfferedForeignKey out;
    expect_array(in_, foreign_key_parts);
    out.columns = names();
    out.parent = name();
    out.parent_columns = names();
    if (out.columns.empty() || out.columns.size() != out.parent_columns.size()) {
        in_.fail();
    }
    return out;
}

void MessageReader::read_options(std::map<std::string, std::string> &out) {
    const std::size_t options = in_.array(limits::control_items_max);
    for (std::size_t index = 0; index < options && in_.ok(); ++index) {
        expect_array(in_, 2);
        std::string option = name();
        if (!out.empty() && option <= out.rbegin()->first) {
            in_.fail();
        }
        out.emplace(std::move(option), text());
    }
}

StreamOpen MessageReader::read_stream_open() {
    StreamOpen out;
    out.stream = in_.uint32();
    out.lane = text();
    const std::size_t tasks = in_.array(limits::control_items_max);
    for (std::size_t index = 0; index < tasks && in_.ok(); ++index) {
        expect_array(in_, 2);
        out.tasks.push_back(task());
    }
    return out;
}

ReportEvery MessageReader::read_report_every() {
    const std::uint64_t seconds = in_.unsigned_integer();
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(limits::report_every_max);
    if (seconds > static_cast<std::uint64_t>(most.count())) {
        in_.fail();
        return {};
    }
    return {std::chrono::seconds{seconds}};
}

} // namespace

Frame encode_control(const ControlMessage &message) {
    CborWriter out;
    std::visit(MessageWriter{out}, message);
    return {FrameKind::control, {}, std::move(out).take(), 0, 0};
}

Result<ControlMessage> decode_control(ByteView raw) {
    if (raw.size() > limits::control_message_bytes_max) {
        return Error{Errc::too_large, "control message exceeds a limit of the protocol"};
    }
    return MessageReader(raw).read();
}

} // namespace postrider::wire
