// Values of the engine as the server's own, and back.
#pragma once

#include <string>

#include "common/model/value.hpp"

#include "pg_extension/boundary.hpp"

namespace postrider::pg {

/// A value of the type, null or not. Allocated in the current memory context.
struct ServerValue {
    Datum datum;
    bool is_null;
};

/// How values of one type are read and written.
struct TypeForm {
    Oid type = InvalidOid;    // as the statement has it
    Oid base = InvalidOid;    // of a domain: what it is made over
    Oid input = InvalidOid;   // functions, and what they take beside the value
    Oid receive = InvalidOid; // none: it has no binary form that we read
    Oid output = InvalidOid;
    Oid send = InvalidOid;
    Oid parameter = InvalidOid;
};

/// Throws PgError.
TypeForm form_of(Oid type);

/// A text, or a value of an engine of the same kind, is read by the type's input function. Throws
/// DatabaseError (constraint) for a value that the type does not hold.
ServerValue to_server(const TypeForm &form, const Value &value);

/// What has no neutral kind is its text. Throws PgError.
Value from_server(const TypeForm &form, Datum datum);

} // namespace postrider::pg
