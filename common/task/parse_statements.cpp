// Productions of all statements but TASK.
#include "common/task/parser.hpp"

namespace postrider::task {

void Parser::version() {
    if (!accept("POSTRIDER")) {
        return;
    }
    const Position at = current_.at;
    const std::string written = current_.text;
    const std::uint64_t number = whole_number("the version 1");
    if (!error_ && number != 1) {
        Error error = error_at(at,
                               "this text is written for version " + written +
                                   " of the language, this node reads version 1",
                               "Update Postrider on this node.");
        error.code = Errc::unsupported_version;
        fail(std::move(error));
    }
    if (current_.kind != TokenKind::end) {
        expect_sign(';');
    }
}

std::optional<Statement> Parser::statement() {
    if (accept("NODE")) {
        return node();
    }
    if (accept("HOSTED")) {
        expect("NODE");
        return hosted_node();
    }
    if (accept("MAILBOX")) {
        return mailbox();
    }
    if (accept("GROUP")) {
        return Group{name("the name of the group")};
    }
    if (accept("PEER")) {
        return peer();
    }
    if (accept("TASK")) {
        return task();
    }
    if (accept("DROP")) {
        return drop();
    }
    if (accept("PAUSE")) {
        return pause(false);
    }
    if (accept("RESUME")) {
        return pause(true);
    }
    fail_expected();
    return std::nullopt;
}

Statement Parser::node() {
    Node node;
    node.name = name("the name of this node");
    for (;;) {
        const Position at = current_.at;
        if (accept("TIME")) {
            once(node.time_zone.has_value(), at, "TIME ZONE");
            expect("ZONE");
            node.time_zone = string("a time zone such as 'Europe/Berlin'");
        } else if (accept("ALERT")) {
            once(node.alert.has_value(), at, "ALERT");
            Alert alert{string("a mail address in single quotes").value, {}};
            if (accept("AFTER")) {
                alert.after = duration();
            }
            node.alert = {std::move(alert), at};
        } else if (!keep_clause(node.keep)) {
            return node;
        }
    }
}

Statement Parser::hosted_node() {
    HostedNode hosted;
    hosted.name = name("the name of the hosted node");
    expect("AT");
    hosted.at = string("where the database is, such as 'odbc:DSN=name'");
    while (login_clause(hosted.login) || capture_clause(hosted.capture)) {
    }
    return hosted;
}

Statement Parser::mailbox() {
    Mailbox mailbox;
    mailbox.name = name("the name of the mailbox");
    expect("ADDRESS");
    mailbox.address = string("a mail address in single quotes");
    for (;;) {
        const Position at = current_.at;
        if (accept("RECEIVE")) {
            once(mailbox.receive.has_value(), at, "RECEIVE");
            mailbox.receive = string("where mails are received, such as 'imaps://mail.example'");
        } else if (accept("SEND")) {
            once(mailbox.send.has_value(), at, "SEND");
            mailbox.send = string("where mails are sent, such as 'smtps://mail.example'");
        } else if (!login_clause(mailbox.login) && !pacing_clause(mailbox.pacing)) {
            return mailbox;
        }
    }
}

bool Parser::login_clause(Login &login) {
    const Position at = current_.at;
    if (accept("USER")) {
        once(login.user.has_value(), at, "USER");
        login.user = string("a user in single quotes");
        return true;
    }
    Secret secret;
    if (accept("TOKEN")) {
        secret.kind = SecretKind::token;
    } else if (!accept("PASSWORD")) {
        return false;
    }
    once(login.secret.has_value(), at, "PASSWORD or TOKEN");
    if (accept("COMMAND")) {
        secret.source = SecretSource::command;
    } else {
        expect("FILE");
    }
    secret.where = string("a file or a command in single quotes").value;
    login.secret = {std::move(secret), at};
    return true;
}

bool Parser::keep_clause(Maybe<Keep> &keep) {
    const Position at = current_.at;
    if (!accept("KEEP")) {
        return false;
    }
    once(keep.has_value(), at, "KEEP");
    Keep given{whole_number("an amount such as 30 DAYS"), KeepUnit::days};
    if (accept("WEEKS") || accept("WEEK")) {
        given.unit = KeepUnit::weeks;
    } else if (accept("MB")) {
        given.unit = KeepUnit::mb;
    } else if (accept("GB")) {
        given.unit = KeepUnit::gb;
    } else if (!accept("DAYS")) {
        expect("DAY");
    }
    keep = {given, at};
    return true;
}

bool Parser::pacing_clause(Pacing &pacing) {
    const Position at = current_.at;
    if (accept("EVERY")) {
        once(pacing.every.has_value(), at, "EVERY");
        pacing.every = {duration(), at};
        return true;
    }
    if (accept("BETWEEN")) {
        once(pacing.between.has_value(), at, "BETWEEN");
        Hours hours{time_of_day(), {}};
        expect("AND");
        hours.to = time_of_day();
        pacing.between = {hours, at};
        return true;
    }
    return accept("AT") && at_clause(pacing, at);
}

bool Parser::number_follows() const {
    Lexer ahead = lexer_;
    const Result<Token> token = ahead.next();
    return token.has_value() && token->kind == TokenKind::number;
}

bool Parser::at_clause(Pacing &pacing, Position at) {
    if (accept("MOST")) {
        once(pacing.at_most.has_value(), at, "AT MOST");
        pacing.at_most = {limit(), at};
        return true;
    }
    once(pacing.at.has_value(), at, "AT");
    std::vector<TimeOfDay> times{time_of_day()};
    // A comma may also lead to the next path of a peer.
    while (stands_sign(',') && number_follows()) {
        take();
        times.push_back(time_of_day());
    }
    pacing.at = {std::move(times), at};
    return true;
}

Limit Parser::limit() {
    Limit limit;
    limit.amount = whole_number("an amount such as 5 MB");
    if (accept("KB")) {
        limit.unit = LimitUnit::kb;
    } else if (accept("GB")) {
        limit.unit = LimitUnit::gb;
    } else if (accept("MAILS")) {
        limit.unit = LimitUnit::mails;
    } else {
        expect("MB");
    }
    expect("PER");
    if (accept("MINUTE")) {
        limit.per = LimitPeriod::minute;
    } else if (accept("HOUR")) {
        limit.per = LimitPeriod::hour;
    } else if (accept("DAY")) {
        limit.per = LimitPeriod::day;
    } else {
        expect("MONTH");
        limit.per = LimitPeriod::month;
    }
    return limit;
}

bool Parser::path_follows() const {
    return stands("MAIL") || stands("DIRECT") || stands("MAILDIR");
}

Path Parser::path() {
    Path path;
    path.at = current_.at;
    path.kind = path_kind();
    if (path.kind == PathKind::mail) {
        path.target = string("a mail address in single quotes");
        if (accept("VIA")) {
            path.via = name("the name of a mailbox");
        }
    } else if (path.kind == PathKind::maildir) {
        path.target = string("a folder in single quotes");
    } else if (current_.kind == TokenKind::string) {
        path.target = string("where the database is");
    }
    while (pacing_clause(path.pacing)) {
    }
    return path;
}

void Parser::peer_attributes(Peer &peer) {
    if (!accept_sign('(')) {
        return;
    }
    do {
        Attribute attribute{name("the name of an attribute"), {}};
        expect_sign('=');
        attribute.value = literal();
        peer.attributes.push_back(std::move(attribute));
    } while (accept_sign(','));
    expect_sign(')');
}

bool Parser::peer_option(Peer &peer) {
    const Position at = current_.at;
    if (accept("REPORT")) {
        once(peer.report_every.has_value(), at, "REPORT EVERY");
        expect("EVERY");
        peer.report_every = {duration(), at};
        return true;
    }
    if (accept("TRUST")) {
        once(peer.trust_tasks.has_value(), at, "TRUST TASKS");
        expect("TASKS");
        peer.trust_tasks = at;
        return true;
    }
    return keep_clause(peer.keep);
}

Statement Parser::peer() {
    Peer peer;
    peer.name = name("the name of the peer");
    if (accept("IN")) {
        peer.groups = names("the name of a group");
    }
    peer_attributes(peer);
    if (path_follows()) {
        do {
            peer.paths.push_back(path());
        } while (accept_sign(','));
    } else {
        expected_.insert(expected_.end(), {"MAIL", "DIRECT", "MAILDIR"});
    }
    while (peer_option(peer)) {
    }
    return peer;
}

ObjectKind Parser::dropped_kind() {
    if (accept("PEER")) {
        return ObjectKind::peer;
    }
    if (accept("TASK")) {
        return ObjectKind::task;
    }
    if (accept("GROUP")) {
        return ObjectKind::group;
    }
    if (accept("MAILBOX")) {
        return ObjectKind::mailbox;
    }
    expect("HOSTED");
    expect("NODE");
    return ObjectKind::hosted_node;
}

Statement Parser::drop() {
    Drop drop;
    drop.kind = dropped_kind();
    drop.name = name("the name of what is dropped");
    return drop;
}

Statement Parser::pause(bool resume) {
    Pause pause;
    pause.resume = resume;
    if (accept("PEER")) {
        pause.kind = ObjectKind::peer;
    } else {
        expect("TASK");
    }
    pause.name = name(pause.kind == ObjectKind::peer ? "the name of a peer" : "the name of a task");
    return pause;
}

} // namespace postrider::task
