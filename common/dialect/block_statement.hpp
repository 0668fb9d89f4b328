// A statement for rows of a block, and what it means to run it for many of them at once.
#pragma once

#include <string>

namespace postrider::dialect {

struct BlockStatement {
    /// ?1 … are the values of one row.
    std::string one_row;
    /// The same for many: ?1 … are lists, each of the values that its parameter would have. A query
    /// gives the number of the row, from 1, before what it gives for one. Empty: there is none.
    std::string many_rows = {};
    /// For rows of which none is there yet, or it is refused: a statement that reads them from the
    /// adapter (COPY). Empty: there is none.
    std::string many_new_rows = {};
    /// What it changes is a change of this node's own, which capture is to note.
    bool is_own_change = false;
    /// It gives the places of rows of this transaction, and fails where one of them is refused by a
    /// constraint at which the database would look only later, if at all.
    bool gives_places = false;
    /// It does what the server's own foreign keys would do: with the rights of those who own the
    /// tables that it names, where the database knows owners.
    bool by_owners = false;

    friend bool operator==(const BlockStatement &, const BlockStatement &) = default;
};

} // namespace postrider::dialect
