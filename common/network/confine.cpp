// prctl(2), setrlimit(2), close_range(2), landlock(7) and seccomp(2). What fails is told and does
// not stop the process: an old kernel must not keep anybody's mail from going.
#include "common/network/confine.hpp"

#include <array>
#include <cstdint>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/network/denied_calls.hpp"

namespace postrider::network {

namespace {

#ifdef POSTRIDER_SANITIZED // sanitizers reserve terabytes that they never use
constexpr rlim_t memory_bytes_max = RLIM_INFINITY;
#else
constexpr rlim_t memory_bytes_max = rlim_t{512} * 1024 * 1024;
#endif
constexpr rlim_t descriptors_max = 256;

/// Where resolvers, their libraries and trusted certificates lie.
constexpr std::array<const char *, 6> readable_places{"/etc",   "/usr", "/lib",
                                                      "/lib64", "/run", "/dev/urandom"};

bool limit(__rlimit_resource resource, rlim_t most) {
    const rlimit value{most, most};
    return setrlimit(resource, &value) == 0;
}

bool allow_reading(int rules, const char *place) {
    const int descriptor = open(place, O_PATH | O_CLOEXEC);
    if (descriptor < 0) {
        return true; // what is not there need not be read
    }
    landlock_path_beneath_attr rule{};
    rule.parent_fd = descriptor;
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    bool allowed = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    if (!allowed) { // a file has no directory to read
        rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
        allowed = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    }
    close(descriptor);
    return allowed;
}

/// Everything that the first version of Landlock knows.
bool restrict_files(const std::string &ca_file) {
    landlock_ruleset_attr handled{};
    handled.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;
    const auto rules =
        static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
    if (rules < 0) {
        return false;
    }
    bool allowed = ca_file.empty() || allow_reading(rules, ca_file.c_str());
    for (const char *place : readable_places) {
        allowed = allow_reading(rules, place) && allowed;
    }
    const bool done = allowed && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return done;
}

} // namespace

std::string confine(int last_descriptor, const std::string &ca_file) {
    std::string missing;
    const auto note = [&](bool done, const char *what) {
        if (!done) {
            missing += std::string{missing.empty() ? "" : ", "} + what;
        }
    };
    note(syscall(SYS_close_range, static_cast<unsigned>(last_descriptor) + 1, ~0U, 0) == 0,
         "close_range");
    note(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    note(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "undumpable");
    note(limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, descriptors_max) &&
             limit(RLIMIT_AS, memory_bytes_max) && limit(RLIMIT_FSIZE, 0),
         "limits");
    note(restrict_files(ca_file), "Landlock");
    note(deny_calls(), "seccomp");
    return missing;
}

} // namespace postrider::network
