// Random models of the whole grammar, for the round trip.
#pragma once

#include <random>

#include "common/task/model.hpp"

namespace postrider::task {

class RandomText {
  public:
    explicit RandomText(std::uint64_t seed) : engine_(seed) {}

    TaskText text() {
        TaskText text;
        for (std::size_t i = below(6); i > 0; --i) {
            text.statements.push_back(statement());
        }
        return text;
    }

  private:
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }

    bool maybe() { return below(2) == 0; }

    template <class T>
    T one_of(std::vector<T> all) {
        return all[below(all.size())];
    }

    template <class Make>
    auto several(Make make) {
        std::vector<decltype(make())> all;
        for (std::size_t i = below(3) + 1; i > 0; --i) {
            all.push_back(make());
        }
        return all;
    }

    template <class Make>
    auto perhaps(Make make) -> std::optional<decltype(make())> {
        return maybe() ? std::optional{make()} : std::nullopt;
    }

    template <class Make>
    auto clause(Make make) -> Maybe<decltype(make())> {
        return maybe() ? Maybe<decltype(make())>{Clause<decltype(make())>{make(), {}}}
                       : std::nullopt;
    }

    Flag flag() { return maybe() ? Flag{Position{}} : std::nullopt; }

    std::string any() {
        return one_of<std::string>({"a", "x y", "it's", "\"", "--", "/*", "ü", "a;b", "\n", "''"});
    }

    Name name() {
        return {one_of<std::string>({"a", "b7", "to", "mail", "x_y", "7-b", "peer", "ü"}), {}};
    }

    Identifier identifier() {
        return maybe() ? Identifier{one_of<std::string>({"a", "Orders", "type", "node"}), false, {}}
                       : Identifier{any(), true, {}};
    }

    ObjectName object() {
        return {several([&] { return identifier(); })};
    }

    StringLiteral string() { return {maybe() ? any() : "", {}}; }

    Sql sql() {
        return {one_of<std::string>(
                    {"a", " (b) ", "')'", "\"(\"", "x -- (\n", "/* ( */ y", "$$($$", "f(g(1), 2)"}),
                {}};
    }

    Duration duration() {
        return one_of<Duration>({std::chrono::seconds{1}, std::chrono::seconds{90},
                                 std::chrono::hours{1}, std::chrono::hours{25},
                                 std::chrono::hours{48}, std::chrono::hours{24 * 14}});
    }

    TimeOfDay time() { return {static_cast<std::uint16_t>(below(1440))}; }

    Limit limit() {
        return {below(1000), static_cast<LimitUnit>(below(4)), static_cast<LimitPeriod>(below(4))};
    }

    Pacing pacing() {
        Pacing pacing;
        pacing.every = clause([&] { return duration(); });
        pacing.at = clause([&] { return several([&] { return time(); }); });
        pacing.between = clause([&] { return Hours{time(), time()}; });
        pacing.at_most = clause([&] { return limit(); });
        return pacing;
    }

    Keep keep() { return {below(1000), static_cast<KeepUnit>(below(4))}; }

    Login login() {
        return {perhaps([&] { return string(); }), clause([&] {
                    return Secret{static_cast<SecretKind>(below(2)),
                                  static_cast<SecretSource>(below(2)), any()};
                })};
    }

    CaptureMethod capture() {
        const auto kind = static_cast<CaptureKind>(below(4));
        return {kind, kind == CaptureKind::watermark ? std::optional{identifier()} : std::nullopt};
    }

    Conflict conflict() {
        Conflict conflict;
        conflict.rule = static_cast<ConflictRule>(below(6));
        if (conflict.rule == ConflictRule::node_wins) {
            conflict.node = name();
        }
        if (maybe()) {
            conflict.adding = several([&] { return identifier(); });
        }
        return conflict;
    }

    Literal literal() {
        return one_of<Literal>({{LiteralKind::text, any()},
                                {LiteralKind::number, "12"},
                                {LiteralKind::number, "-0.50"},
                                {LiteralKind::boolean, "TRUE"},
                                {LiteralKind::boolean, "FALSE"}});
    }

    Path path() {
        Path path;
        path.kind = static_cast<PathKind>(below(3));
        if (path.kind != PathKind::direct || maybe()) {
            path.target = string();
        }
        if (path.kind == PathKind::mail) {
            path.via = perhaps([&] { return name(); });
        }
        path.pacing = pacing();
        return path;
    }

    Peer peer() {
        Peer peer;
        peer.name = name();
        if (maybe()) {
            peer.groups = several([&] { return name(); });
        }
        if (maybe()) {
            peer.attributes = several([&] { return Attribute{name(), literal()}; });
        }
        if (maybe()) {
            peer.paths = several([&] { return path(); });
        }
        peer.keep = clause([&] { return keep(); });
        peer.report_every = clause([&] { return duration(); });
        peer.trust_tasks = flag();
        return peer;
    }

    TableColumn column() {
        TableColumn column;
        if (maybe()) {
            column.source = PlainColumn{identifier(), perhaps([&] { return identifier(); })};
        } else {
            column.source =
                ComputedColumn{perhaps([&] { return identifier(); }), sql(), identifier()};
        }
        column.type = clause([&] {
            return TypeName{identifier(), perhaps([&] { return sql(); })};
        });
        column.lossy = flag();
        column.is_private = flag();
        return column;
    }

    Columns columns() {
        if (maybe()) {
            return AllColumnsExcept{several([&] { return identifier(); })};
        }
        return several([&] { return column(); });
    }

    Table table() {
        Table table;
        table.name = object();
        table.as = perhaps([&] { return object(); });
        table.columns = clause([&] { return columns(); });
        table.where = perhaps([&] { return sql(); });
        table.without_delete = flag();
        table.conflict = clause([&] { return conflict(); });
        return table;
    }

    Task task() {
        Task task;
        task.name = name();
        task.on = perhaps([&] { return name(); });
        task.direction.value = static_cast<Direction>(below(3));
        task.tables = several([&] { return table(); });
        task.peers = several([&] { return name(); });
        task.by = clause([&] {
            return By{several([&] { return static_cast<PathKind>(below(3)); }),
                      perhaps([&] { return duration(); })};
        });
        task.pacing = pacing();
        task.priority = clause([&] { return static_cast<Priority>(below(3)); });
        task.load = clause([&] { return static_cast<Load>(below(2)); });
        task.create_missing = flag();
        task.capture = clause([&] { return capture(); });
        task.conflict = clause([&] { return conflict(); });
        task.on_error = clause([&] { return static_cast<OnError>(below(2)); });
        task.verify = clause([&] {
            Verify verify{duration(), maybe(), std::nullopt};
            if (verify.repair) {
                verify.repair_from = perhaps([&] { return name(); });
            }
            return verify;
        });
        task.fire_triggers = flag();
        task.no_history = flag();
        return task;
    }

    Node node() {
        return {name(), perhaps([&] { return string(); }), clause([&] { return keep(); }),
                clause([&] {
                    return Alert{any(), perhaps([&] { return duration(); })};
                })};
    }

    Statement statement() {
        switch (below(8)) {
        case 0:
            return node();
        case 1:
            return HostedNode{name(), string(), login(), clause([&] { return capture(); })};
        case 2:
            return Mailbox{name(),
                           string(),
                           perhaps([&] { return string(); }),
                           perhaps([&] { return string(); }),
                           login(),
                           pacing()};
        case 3:
            return Group{name()};
        case 4:
            return peer();
        case 5:
            return Drop{static_cast<ObjectKind>(below(5)), name()};
        case 6:
            return Pause{maybe(), maybe() ? ObjectKind::task : ObjectKind::peer, name()};
        default:
            return task();
        }
    }

    std::mt19937_64 engine_;
};

} // namespace postrider::task
