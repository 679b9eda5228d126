"""What the probe has to see, attempt by attempt: the errno that stops it, or what is harmless about it."""

import os


def all_are(outcome, names):
    """The same for each of the names."""
    return dict.fromkeys(names.split(), outcome)


# A step of root, on the host's network.
EXPECTED = {}
EXPECTED.update(all_are("EROFS", """
    a01_create_in_etc a01_create_in_usr a01_unlink_passwd a01_chmod_program a01_rename_program a01_link_program
    a01_set_attribute
"""))
EXPECTED.update(all_are("EACCES", """
    a01_write_passwd a01_truncate_passwd a03_core_pattern a03_hostname a03_user_namespaces a03_irq a41_oom_score
    a41_priority a10_environment a10_memory a10_maps a10_root a10_folder a10_descriptors a10_program
    a10_write_program a10_stack
"""))
EXPECTED.update(all_are("ENOENT", """
    a01_runner_program a02_canary a02_canary_by_own_root a02_state_folder a02_ssh_keys a02_aws_credentials
    a02_docker_logins a02_shadow a02_docker_socket a02_host_socket a03_modprobe a03_sysrq a03_uevent_helper
    a03_binfmt a04_cgroups a05_open_memory a05_open_disk a05_open_kvm a05_open_fuse a05_open_tun a05_open_kmsg
    a08_double_chroot a14_symlink_to_canary a27_kcore a27_sys a27_debugfs a10_host_process_in_proc
"""))
EXPECTED.update(all_are("EPERM", """
    a04_mount_cgroups a04_mount_cgroups_2 a05_make_memory a05_make_disk a06_mount a06_remount a06_remount_proc_sys
    a06_unmount_mask a06_bind a06_make_shared a06_overlay a06_proc a06_move_mount a06_open_tree a06_open_tree_attr
    a06_fsopen a06_fspick a06_mount_setattr a08_pivot_root a09_open_by_handle a09_name_to_handle a07_unshare_user
    a07_unshare_mount a07_unshare_network a07_unshare_pid a07_unshare_time a07_unshare_nothing a07_clone_user
    a07_clone_mount a07_clone_network a07_clone_pid a07_clone_ipc a07_clone_uts a07_clone_cgroup a07_setns
    a07_setns_by_pidfd a17_abstract_socket a21_raw a21_packet_by_old_name a21_link_down a22_tiocsti
    a22_tiocsti_high_bits a22_tioclinux a22_tioclinux_high_bits a25_session_keyring a25_search a25_add_key
    a25_request_key a27_bpf a27_perf a27_userfaultfd a27_syslog a27_load_module a27_load_module_file a27_kexec
    a27_reboot a27_swapon a27_quota a27_iopl a27_accounting a27_personality a27_personality_all_but_one a27_hostname
    a40_set_time a40_set_clock a40_adjust a41_raise_limit a41_limit_of_fork_server a41_real_time a10_attach
    a10_seize a10_write_memory a10_take_descriptor a26_host_root_in_map a23_i386_mount a23_i386_unmount
    a23_i386_unmount_old a23_i386_unshare a23_i386_setns a23_i386_clone_user a23_i386_pivot_root a23_i386_keyctl
    a23_i386_bpf a23_i386_userfaultfd a23_i386_perf a23_i386_init_module a23_i386_open_by_handle
    a23_i386_settimeofday a23_i386_stime a23_i386_clock_settime64 a23_i386_tiocsti a23_i386_modify_ldt a23_i386_vm86
    a23_i386_iopl a23_i386_personality a23_x32_mount a23_x32_unshare a23_x32_keyctl a23_x32_bpf a23_x32_clone_user
    a23_x32_init_module
"""))
EXPECTED.update(all_are("EXDEV", """
    a14_hardlink_to_program
"""))
EXPECTED.update(all_are("masked", """
    a27_kallsyms a27_kmsg a27_timer_list a27_keys
"""))
EXPECTED.update(all_are("ENOSYS", """
    a07_clone3 a24_io_uring a23_i386_clone3 a23_i386_io_uring
"""))
EXPECTED.update(all_are("not tried", """
    a19_host_port a19_metadata_service a19_elsewhere a20_name_server
"""))
EXPECTED.update(all_are("EAFNOSUPPORT", """
    a21_packet a21_vsock a21_vsock_high_bits a21_crypto a21_key a21_bluetooth a21_xdp a21_smc a21_llc a23_i386_vsock
    a23_i386_vsock_by_socketcall
"""))
EXPECTED.update(all_are("EPROTONOSUPPORT", """
    a21_netfilter a21_ipsec
"""))
EXPECTED.update(all_are("ENXIO", """
    a22_controlling_terminal
"""))
EXPECTED.update(all_are("ENOMEM", """
    a41_huge_lock
"""))
EXPECTED.update(all_are("ESRCH", """
    a10_host_process
"""))
EXPECTED.update(all_are("OK", """
    a10_signal_beyond a35_signal_the_fork_server
"""))
EXPECTED.update(all_are("ETXTBSY", """
    a11_own_program
"""))
EXPECTED.update(all_are("0=/dev/null 1=pipe 2=pipe", """
    a12_descriptors
"""))
EXPECTED.update(all_are("uid 1000, capabilities 0000000000000000", """
    a26_setuid_program a26_file_capabilities
"""))
EXPECTED.update(all_are("CapEff=00000000800404fb CapBnd=00000000800404fb NoNewPrivs=1 Seccomp=2", """
    a26_own_capabilities
"""))
EXPECTED.update(all_are("pipeline-zygote attack_probe", """
    a37_other_processes
"""))

# What differs with a network namespace of its own and no way out.
ISOLATED = {}
ISOLATED.update(all_are("ECONNREFUSED", """
    a17_abstract_socket a19_host_port
"""))
ISOLATED.update(all_are("ENETUNREACH", """
    a19_metadata_service a19_elsewhere a20_name_server
"""))

# What differs for a user who has one id to map.
ONE_ID = {}
ONE_ID.update(all_are("no other user: EINVAL", """
    a26_setuid_program a26_file_capabilities
"""))

# What differs where the root file system is an image: it is the build's own to change.
INSIDE_AN_IMAGE = {}
INSIDE_AN_IMAGE.update(all_are("OK", """
    a01_create_in_etc a01_create_in_usr a01_write_passwd a01_truncate_passwd a01_unlink_passwd a01_chmod_program
    a01_rename_program
"""))
INSIDE_AN_IMAGE.update(all_are("ENOENT", """
    a01_link_program a01_set_attribute a14_hardlink_to_program
"""))
INSIDE_AN_IMAGE.update(all_are("execve: EPERM", """
    a26_file_capabilities
"""))

# What differs by landlock alone: what is not the job's is there, and refused; a step has the host's own ids, and
# nothing but its own powers is mapped.
LANDLOCK = {}
LANDLOCK.update(all_are("EACCES", """
    a01_create_in_etc a01_create_in_usr a01_rename_program a01_runner_program a01_set_attribute a01_unlink_passwd
    a02_canary a02_canary_by_own_root a02_shadow a02_state_folder a04_cgroups a05_make_disk a05_make_memory
    a05_open_disk a05_open_fuse a05_open_kmsg a05_open_kvm a05_open_tun a14_symlink_to_canary
    a22_controlling_terminal a22_tioclinux a22_tioclinux_high_bits a22_tiocsti a22_tiocsti_high_bits
    a26_file_capabilities a26_setuid_program a27_debugfs a27_sys
"""))
LANDLOCK.update(all_are("EPERM", """
    a01_chmod_program a01_link_program a10_host_process a14_hardlink_to_program a35_signal_the_fork_server
"""))
# No Unix socket can be made at all.
LANDLOCK.update(all_are("EBADF", """
    a02_host_socket a17_abstract_socket
"""))
# The names and states of other processes, and what all may read of the kernel.
LANDLOCK.update(all_are("OK", """
    a10_host_process_in_proc a26_host_root_in_map a27_kallsyms a27_keys
"""))
# Of root: a user of its own with one power, which opens no more than landlock lets.
LANDLOCK_OF_ROOT = {
    "a10_descriptors": "OK",
    "a10_stack": "EPERM",
    "a26_own_capabilities": "CapEff=0000000000000004 CapBnd=0000000000000004 NoNewPrivs=1 Seccomp=2",
    "a27_kmsg": "EPERM",
    "a27_timer_list": "OK",
}
# What a machine's root may have at home: refused where it is there.
LANDLOCK_OF_ROOT.update({
    name: "EACCES"
    for name, path in (("a02_ssh_keys", "/root/.ssh"), ("a02_aws_credentials", "/root/.aws/credentials"),
                       ("a02_docker_logins", "/root/.docker/config.json"))
    if os.path.exists(path)
})
LANDLOCK_OF_USER = {
    "a02_aws_credentials": "EACCES",
    "a02_docker_logins": "EACCES",
    "a02_ssh_keys": "EACCES",
    "a27_kmsg": "EACCES",
    "a27_timer_list": "EACCES",
}

# What a kernel need not have: masked where it is there.
MASKED_FILES = {
    "a03_sysrq": "/proc/sysrq-trigger",
    "a27_kallsyms": "/proc/kallsyms",
    "a27_kcore": "/proc/kcore",
    "a27_keys": "/proc/keys",
    "a27_kmsg": "/proc/kmsg",
    "a27_timer_list": "/proc/timer_list",
}
READ_ONLY_FILES = {"a03_modprobe": "/proc/sys/kernel/modprobe"}
