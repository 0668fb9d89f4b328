// Productions of TASK.
#include "common/task/parser.hpp"

namespace postrider::task {

Statement Parser::task() {
    Task task;
    task.name = name("the name of the task");
    if (accept("ON")) {
        task.on = name("the name of a hosted node");
    }
    task.direction.at = current_.at;
    if (accept("SEND")) {
        task.direction.value = Direction::send;
        task.tables = tables();
        expect("TO");
    } else if (accept("RECEIVE")) {
        task.direction.value = Direction::receive;
        task.tables = tables();
        expect("FROM");
    } else {
        expect("SYNC");
        task.direction.value = Direction::sync;
        task.tables = tables();
        expect("WITH");
    }
    task.peers = names("the name of a peer or group");
    while (task_option(task)) {
    }
    return task;
}

std::vector<Table> Parser::tables() {
    std::vector<Table> all;
    do {
        all.push_back(table());
    } while (accept_sign(','));
    return all;
}

Table Parser::table() {
    Table table;
    table.name = object_name();
    if (accept("AS")) {
        table.as = object_name();
    }
    const Position columns_at = current_.at;
    if (accept_sign('(')) {
        table.columns = {columns(), columns_at};
        expect_sign(')');
    }
    if (accept("WHERE")) {
        table.where = sql("a condition in parentheses");
    }
    const Position without_at = current_.at;
    if (accept("WITHOUT")) {
        expect("DELETE");
        table.without_delete = without_at;
    }
    const Position conflict_at = current_.at;
    if (accept("ON")) {
        expect("CONFLICT");
        table.conflict = {conflict(), conflict_at};
    }
    return table;
}

Columns Parser::columns() {
    if (accept_sign('*')) {
        expect("EXCEPT");
        return AllColumnsExcept{identifiers("a column")};
    }
    std::vector<TableColumn> all;
    do {
        all.push_back(column());
    } while (accept_sign(','));
    return all;
}

std::variant<PlainColumn, ComputedColumn> Parser::column_source() {
    if (stands_sign('(')) {
        ComputedColumn computed{std::nullopt, sql("an expression in parentheses"), {}};
        expect("AS");
        computed.as = identifier("a column");
        return computed;
    }
    Identifier named = identifier("a column");
    if (stands_sign('(')) {
        ComputedColumn computed{std::move(named), sql("arguments in parentheses"), {}};
        expect("AS");
        computed.as = identifier("a column");
        return computed;
    }
    PlainColumn plain{std::move(named), std::nullopt};
    if (accept("AS")) {
        plain.as = identifier("a column");
    }
    return plain;
}

TableColumn Parser::column() {
    TableColumn column{column_source(), {}, {}, {}};
    const Position type_at = current_.at;
    if (accept("TYPE")) {
        TypeName type{identifier("a type"), std::nullopt};
        if (stands_sign('(')) {
            type.arguments = sql("arguments in parentheses");
        }
        column.type = {std::move(type), type_at};
    }
    const Position lossy_at = current_.at;
    if (accept("LOSSY")) {
        column.lossy = lossy_at;
    }
    const Position private_at = current_.at;
    if (accept("PRIVATE")) {
        column.is_private = private_at;
    }
    return column;
}

PathKind Parser::path_kind() {
    if (accept("DIRECT")) {
        return PathKind::direct;
    }
    if (accept("MAILDIR")) {
        return PathKind::maildir;
    }
    expect("MAIL");
    return PathKind::mail;
}

By Parser::by() {
    By by;
    do {
        by.kinds.push_back(path_kind());
    } while (accept("ELSE"));
    if (accept("AFTER")) {
        by.after = duration();
    }
    return by;
}

Priority Parser::priority() {
    if (accept("HIGH")) {
        return Priority::high;
    }
    if (accept("LOW")) {
        return Priority::low;
    }
    expect("NORMAL");
    return Priority::normal;
}

Verify Parser::verify() {
    Verify verify;
    expect("EVERY");
    verify.every = duration();
    if (accept("REPAIR")) {
        verify.repair = true;
        if (accept("FROM")) {
            verify.repair_from = name("the name of a node");
        }
    }
    return verify;
}

CaptureMethod Parser::capture_method() {
    expect("BY");
    if (accept("TRIGGERS")) {
        return {CaptureKind::triggers, std::nullopt};
    }
    if (accept("DECODING")) {
        return {CaptureKind::decoding, std::nullopt};
    }
    if (accept("WATERMARK")) {
        return {CaptureKind::watermark, identifier("the column that rises")};
    }
    expect("COMPARISON");
    return {CaptureKind::comparison, std::nullopt};
}

bool Parser::capture_clause(Maybe<CaptureMethod> &capture) {
    const Position at = current_.at;
    if (!accept("CAPTURE")) {
        return false;
    }
    once(capture.has_value(), at, "CAPTURE");
    capture = {capture_method(), at};
    return true;
}

Conflict Parser::conflict() {
    Conflict conflict;
    if (accept("NEWEST")) {
        conflict.rule = accept("ROW") ? ConflictRule::newest_row_wins : ConflictRule::newest_wins;
    } else if (accept("SENDER")) {
        conflict.rule = ConflictRule::sender_wins;
    } else if (accept("LOCAL")) {
        conflict.rule = ConflictRule::local_wins;
    } else if (accept("NODE")) {
        conflict.rule = ConflictRule::node_wins;
        conflict.node = name("the name of the node that decides");
    } else {
        expect("PARK");
        conflict.rule = ConflictRule::park;
    }
    if (conflict.rule != ConflictRule::park) {
        expect("WINS");
    }
    if (accept("ADDING")) {
        expect_sign('(');
        conflict.adding = identifiers("a column");
        expect_sign(')');
    }
    return conflict;
}

bool Parser::task_flag(Task &task) {
    const Position at = current_.at;
    if (accept("LOAD")) {
        expect("FIRST");
        once(task.load.has_value(), at, "LOAD");
        task.load = {Load::first, at};
        return true;
    }
    if (accept("NO")) {
        if (accept("LOAD")) {
            once(task.load.has_value(), at, "LOAD");
            task.load = {Load::none, at};
        } else {
            expect("HISTORY");
            once(task.no_history.has_value(), at, "NO HISTORY");
            task.no_history = at;
        }
        return true;
    }
    if (accept("CREATE")) {
        once(task.create_missing.has_value(), at, "CREATE MISSING TABLES");
        expect("MISSING");
        expect("TABLES");
        task.create_missing = at;
        return true;
    }
    if (accept("FIRE")) {
        once(task.fire_triggers.has_value(), at, "FIRE TRIGGERS");
        expect("TRIGGERS");
        task.fire_triggers = at;
        return true;
    }
    return false;
}

bool Parser::on_clause(Task &task) {
    const Position at = current_.at;
    if (!accept("ON")) {
        return false;
    }
    if (accept("CONFLICT")) {
        once(task.conflict.has_value(), at, "ON CONFLICT");
        task.conflict = {conflict(), at};
        return true;
    }
    expect("ERROR");
    once(task.on_error.has_value(), at, "ON ERROR");
    if (accept("STOP")) {
        task.on_error = {OnError::stop, at};
        return true;
    }
    expect("PARK");
    task.on_error = {OnError::park, at};
    return true;
}

bool Parser::task_option(Task &task) {
    const Position at = current_.at;
    if (accept("BY")) {
        once(task.by.has_value(), at, "BY");
        task.by = {by(), at};
        return true;
    }
    if (accept("PRIORITY")) {
        once(task.priority.has_value(), at, "PRIORITY");
        task.priority = {priority(), at};
        return true;
    }
    if (accept("VERIFY")) {
        once(task.verify.has_value(), at, "VERIFY");
        task.verify = {verify(), at};
        return true;
    }
    return pacing_clause(task.pacing) || task_flag(task) || capture_clause(task.capture) ||
           on_clause(task);
}

} // namespace postrider::task
