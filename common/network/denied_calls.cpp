// seccomp(2): a list of what is denied. One of what is allowed would break with the next version of
// the C library, of its resolver's modules or of OpenSSL.
#include "common/network/denied_calls.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace postrider::network {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_convention = AUDIT_ARCH_X86_64;
constexpr std::uint32_t number_max = 0x3fffffff; // above it are the calls of x32
#elif defined(__aarch64__)
constexpr std::uint32_t own_convention = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t number_max = UINT32_MAX;
#else
constexpr std::uint32_t own_convention = 0; // not known here
constexpr std::uint32_t number_max = 0;
#endif

constexpr auto denied_numbers = std::to_array<std::uint32_t>(
    {// Other programs, and what belongs to them
     SYS_execve, SYS_execveat,
#ifndef POSTRIDER_SANITIZED // leaks are looked for by a tracer
     SYS_ptrace,
#endif
     SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_rt_sigqueueinfo, SYS_pidfd_open,
     SYS_pidfd_send_signal, SYS_pidfd_getfd, SYS_kcmp, SYS_process_madvise,
     // Memory and queues that processes share, a database server's among them
     SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semctl, SYS_msgget, SYS_msgctl, SYS_mq_open,
     // Being called from outside
     SYS_listen, SYS_accept, SYS_accept4,
     // The kernel itself
     SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
     SYS_io_uring_register, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_init_module,
     SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_personality, SYS_acct,
     // Namespaces and mounts
     SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree,
     SYS_move_mount, SYS_fsopen, SYS_open_by_handle_at, SYS_name_to_handle_at});

constexpr std::size_t head_steps = 6;

constexpr sock_filter step(unsigned code, std::uint32_t value) {
    return {static_cast<std::uint16_t>(code), 0, 0, value};
}

constexpr sock_filter
branch(unsigned code, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return {static_cast<std::uint16_t>(code), yes, no, value};
}

using Program = std::array<sock_filter, head_steps + 2 * std::size(denied_numbers) + 1>;

Program make_program() {
    const sock_filter deny = step(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    Program program{step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
                    branch(BPF_JMP | BPF_JEQ | BPF_K, own_convention, 1, 0),
                    deny,
                    step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                    branch(BPF_JMP | BPF_JGT | BPF_K, number_max, 0, 1),
                    deny};
    std::size_t place = head_steps;
    for (const std::uint32_t number : denied_numbers) {
        program.at(place++) = branch(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        program.at(place++) = deny;
    }
    program.at(place) = step(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return program;
}

} // namespace

bool deny_calls() {
    if (own_convention == 0) {
        return false;
    }
    Program program = make_program();
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

} // namespace postrider::network
