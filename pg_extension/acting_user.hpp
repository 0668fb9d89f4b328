// Whose rights count for a moment. The server keeps that in variables of its own; nothing here can
// fail, and nothing that SQL calls reaches it.
#pragma once

extern "C" {
#include <miscadmin.h>

#include "pg_extension/compat.h"
}

namespace postrider::pg {

/// From its making until its end, however that comes, another role acts, and no code that runs then
/// can make itself a third one.
class ActingUser {
  public:
    explicit ActingUser(Oid user) {
        GetUserIdAndSecContext(&before_, &context_before_);
        SetUserIdAndSecContext(user, context_before_ | SECURITY_LOCAL_USERID_CHANGE);
    }

    /// The same user, for whom policies do not bind the owners of tables, where they are asked in
    /// his place.
    struct PolicyFree {};

    explicit ActingUser(PolicyFree /*how*/) {
        GetUserIdAndSecContext(&before_, &context_before_);
        SetUserIdAndSecContext(before_, context_before_ | SECURITY_NOFORCE_RLS);
    }

    ActingUser(const ActingUser &) = delete;
    ActingUser &operator=(const ActingUser &) = delete;

    ~ActingUser() { SetUserIdAndSecContext(before_, context_before_); }

  private:
    Oid before_ = InvalidOid;
    int context_before_ = 0;
};

} // namespace postrider::pg
