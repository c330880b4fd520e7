#!/usr/bin/env bats
# Hostile images, hostile containers and hostile values in a project: published faults of other runtimes, each of which
# must be refused or stay inside. Questions are asked by /bin/probe (tests/lib/probe.c) of the test images.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # scripts run inside the containers; bats sets $stderr
bats_require_minimum_version 1.5.0

load lib.bash

UP=../../../../../../../../../../../../../../../..

# one LINE...: a project with the service "a" that sleeps, the lines added to it
one() {
    printf '%s\n' 'services:' '  a:' '    image: busybox' '    init: true' '    network_mode: none' '    command: sleep 1000' > compose.yaml
    printf '    %s\n' "$@" >> compose.yaml
}

# hostile NAME SCRIPT [INSTRUCTION...]: an image of the usual files, changed by a script that runs in its root
hostile() {
    local name=$1 script=$2 change=()
    shift 2
    mkdir rootfs
    tar -C rootfs -xf "$E2E_TARS/rootfs.tar"
    (cd rootfs && sh -euc "$script")
    for instruction; do change+=(-c "$instruction"); done
    tar -C rootfs --numeric-owner -cf rootfs.tar .
    "$WHALE" image import -c 'ENV PATH=/bin' -c 'CMD ["sleep","1000"]' "${change[@]}" rootfs.tar "$name" >/dev/null
    rm -rf rootfs rootfs.tar
}

# refused PHRASE ARG...: the program, called so, fails promptly with the phrase on stderr
refused() {
    local phrase=$1
    shift
    [ -n "$phrase" ] || return 1
    run --separate-stderr timeout 20 "$WHALE" "$@"
    case $status in 0 | 124) echo "exit $status of: $*; $output"; return 1 ;; esac
    contains "$stderr" "$phrase"
}

# everywhere QUESTION...: writes what the probe answers in the first process, in exec and in a health check to
# main, exec and health
everywhere() {
    mkdir -p w
    chmod 777 w
    one 'volumes: ["./w:/w"]' "healthcheck: {test: \"probe $* > /w/health.tmp && mv /w/health.tmp /w/health\", interval: 1s}"
    sed -i "s|command: .*|command: 'sh -c \"probe $* > /w/main; sleep 1000\"'|" compose.yaml
    c up -d
    inside a "probe $*" > w/exec
    await 10 test -e w/main -a -e w/health
}

@test "capabilities: none is inheritable or ambient, in the first process, exec and health checks" {
    everywhere caps
    local f
    for f in main exec health; do
        expect "0000000000000000 00000000a80425fb 00000000a80425fb 00000000a80425fb 0000000000000000" \
            "$(cut -f 2 w/$f | tr '\n' ' ' | sed 's/ $//')"
    done
    expect "0000000000000000 0000000000000000 0000000000000000 00000000a80425fb 0000000000000000" \
        "$(c exec -T -u 1000 a probe caps | cut -f 2 | tr '\n' ' ' | sed 's/ $//')"
}

@test "descriptors: a process of a container has 0, 1 and 2 only" {
    everywhere fds
    local f
    for f in main exec health; do
        expect "0 1 2" "$(cut -d ' ' -f 1 w/$f | tr '\n' ' ' | sed 's/ $//')"
        expect "" "$(grep -v -E '^[0-9]+ (/dev/null|/w/[a-z.]+|pipe:.*|socket:.*)$' w/$f)"
    done
}

@test "system calls: the same filter for the first process, exec and health checks" {
    everywhere syscalls
    cmp w/main w/exec
    cmp w/main w/health
    grep -qx 'clone3 ENOSYS' w/main
    grep -qx 'mount EPERM' w/main
    grep -qx 'getpid ok' w/main
}

@test "keyrings, AF_ALG and AF_VSOCK are out of reach" {
    one
    c up -d
    expect "add_key EPERM keyctl EPERM request_key EPERM" \
        "$(inside a 'probe syscalls add_key keyctl request_key' | tr '\n' ' ' | sed 's/ $//')"
    expect 0 "$(inside a 'wc -c < /proc/keys')"
    local family
    for family in 38 40 0x100000026; do
        expect EPERM "$(inside a "probe socket $family 5 0")"
    done
    expect ok "$(inside a 'probe socket 1 1 0')"
}

@test "masked paths are empty" {
    one
    c up -d
    expect finished "$(inside a 'for p in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats \
        /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware; do
        if [ -d $p ]; then [ -z "$(ls -A $p)" ] || echo "$p is not empty"
        elif [ -e $p ]; then [ "$(head -c 1 $p | wc -c)" = 0 ] || echo "$p can be read"; fi; done; echo finished')"
}

@test "read-only paths cannot be written, nor unmounted, nor mounted over" {
    one
    c up -d
    expect finished "$(inside a 'for p in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/mm/ksm/run; do
        [ ! -e $p ] || [ "$(probe write $p "")" = EROFS ] || echo "$p: $(probe write $p "")"; done; echo finished')"
    inside a '! mkdir /sys/fs/cgroup/new 2>/dev/null && ! umount /proc/sys 2>/dev/null && ! mount -t tmpfs none /proc 2>/dev/null'
}

@test "a privileged container and seccomp=unconfined have no filter, others do" {
    cat > compose.yaml <<'Y'
x-s: &s {image: busybox, init: true, network_mode: none, command: sleep 1000}
services:
  plain: *s
  all: {<<: *s, privileged: true}
  open: {<<: *s, security_opt: ["seccomp=unconfined"]}
Y
    c up -d
    local service
    for service in plain:2 all:0 open:0; do
        expect "${service#*:}" "$(inside "${service%:*}" 'sed -n "s/^Seccomp:.//p" /proc/self/status')"
    done
}

@test "seccomp profiles that are wrong say what and where" {
    one 'security_opt: ["seccomp=./p.json"]'
    refused 'p.json' up -d
    echo '{' > p.json
    refused 'p.json' up -d
    echo '{"defaultAction": "SCMP_ACT_MAYBE"}' > p.json
    refused 'unknown action "SCMP_ACT_MAYBE"' up -d
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {"names": ["mkdir"]}}' > p.json
    refused '"syscalls" must be a list' up -d
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_ODD"}]}]}' > p.json
    refused 'unknown condition "SCMP_CMP_ODD"' up -d
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' > p.json
    c up -d
    contains "$(inside a 'mkdir /x 2>&1 || true')" "Function not implemented"
}

@test "working_dir through /proc/self/fd is refused (CVE-2024-21626)" {
    hostile escape:latest 'ln -s /proc/self/fd/7 esc; ln -s /proc/self/cwd cwd'
    one
    sed -i 's/image: busybox/image: escape/' compose.yaml
    c up -d
    local n
    for n in $(seq 3 24); do
        refused 'working directory' exec -T -w "/proc/self/fd/$n" a pwd
    done
    refused 'working directory' exec -T -w /proc/self/fd/7/.. a pwd
    refused 'working directory' exec -T -w /esc a pwd
    for n in 3 5 8 12; do
        refused 'working directory' run --rm -T -w "/proc/self/fd/$n" a pwd
    done
    refused 'working directory' run --rm -T -w /esc a pwd
}

@test "/proc, /sys or /dev of the image is a symlink: refused, nothing made outside" {
    mkdir outside
    local dir n=0
    one
    for dir in proc sys dev; do
        n=$((n + 1))
        hostile "link$n:latest" "rm -rf $dir; ln -s /$UP$DIR/outside $dir"
        sed -i "s/image: .*/image: link$n/" compose.yaml
        refused "mount /$dir" up -d
        hostile "link$n:latest" "rm -rf $dir; ln -s tmp $dir"
        refused "mount /$dir" up -d
        expect "" "$(ls -A outside)"
    done
}

@test "/dev/null and /dev/pts of the image mean nothing" {
    mkdir outside
    hostile devs:latest "ln -s $DIR/outside dev/pts; ln -s /proc/sysrq-trigger dev/null; ln -s /etc/passwd dev/console; ln -s $UP$DIR/outside dev/shm"
    one
    sed -i 's/image: .*/image: devs/' compose.yaml
    c up -d
    expect "char 666 0 0 1:3" "$(inside a 'probe stat /dev/null')"
    expect "" "$(ls -A outside)"
}

@test "/etc/hosts, resolv.conf and hostname as absolute symlinks: the host's files are untouched (CVE-2025-24965)" {
    local f
    for f in hosts resolv.conf hostname; do echo mine > "victim-$f"; done
    hostile files:latest "cd etc; for f in hosts resolv.conf hostname; do rm -f \$f; ln -s $DIR/victim-\$f \$f; done"
    printf 'services: {a: {image: files, init: true}}\n' > compose.yaml
    c up -d
    contains "$(inside a 'cat /etc/hosts')" localhost
    c down -t 0
    hostile files:latest "cd etc; for f in hosts resolv.conf hostname; do rm -f \$f; ln -s $UP$DIR/victim-\$f \$f; done"
    c up -d
    contains "$(inside a 'cat /etc/hosts')" localhost
    for f in hosts resolv.conf hostname; do expect mine "$(cat "victim-$f")"; done
}

@test "users: digits are never a name, nothing wraps to 0 (CVE-2016-3697, 2024-40635, 2026-46680, 2026-30892)" {
    hostile users:latest 'for n in 1000 4294967296 99999999999; do echo "$n:x:0:0::/:/bin/sh"; done > etc/passwd'
    one
    sed -i 's/image: .*/image: users/' compose.yaml
    c up -d
    expect 1000 "$(c exec -T -u 1000 a id -u)"
    expect 4294967294 "$(c exec -T -u 4294967294 a id -u)"
    local user
    for user in 4294967295 4294967296 99999999999 18446744073709551616 -1 +1 ' 1' 01 1x 0x0 1000: 'a b'; do
        run c exec -T -u "$user" a id -u
        [ "$status" -ne 0 ] || [ "$output" = "${user%:}" ] || { echo "user '$user' became $output"; return 1; }
    done
    c down -t 0
    one 'user: "4294967296"'
    refused 4294967296 up -d
}

@test "a passwd file that is no file, or has no end: a prompt error (CVE-2024-9676, 2026-47262)" {
    one 'user: app'
    sed -i 's/image: .*/image: passwd/' compose.yaml
    local change
    for change in 'mkfifo etc/passwd' 'mknod etc/passwd c 1 5' 'truncate -s 64M etc/passwd' 'head -c 200000 /dev/zero | tr "\0" a > etc/passwd' \
        'ln -s /../../../../dev/zero etc/passwd' 'mkdir etc/passwd'; do
        hostile passwd:latest "rm -f etc/passwd; $change"
        refused 'user "app"' up -d
        c down -t 0
    done
}

@test "sysctls: one value into one file of the container's own (CVE-2022-0811)" {
    local pattern line
    pattern=$(cat /proc/sys/kernel/core_pattern)
    for line in 'kernel.shm_rmid_forced: "1+kernel.core_pattern=|/bin/x"' 'kernel.shm_rmid_forced: "1\nkernel.core_pattern=x"' \
        'kernel.core_pattern: x' 'net/../kernel/core_pattern: x' 'net.ipv4.conf.eth0/../../../../kernel/core_pattern: x' \
        'net...kernel.core_pattern: x' 'kernel.sysrq: "1"' 'fs.mqueue./../../kernel.core_pattern: x' 'vm.overcommit_memory: "1"'; do
        one "sysctls: {$line}"
        refused sysctl up -d
        c down -t 0
    done
    expect "$pattern" "$(cat /proc/sys/kernel/core_pattern)"
}

# With CAP_SYS_ADMIN the kernel lets a process type even where dev.tty.legacy_tiocsti is off: the terminal that it
# reaches must be its own.
@test "typing into the caller's terminal from exec reaches nobody (CVE-2017-5226)" {
    one 'cap_add: [SYS_ADMIN]'
    c up -d
    cat > terminal.py <<'P'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "-c", '"$WHALE" exec a probe type "echo injected"; "$WHALE" exec -T a probe type "echo injected"; '
                       'IFS= read -r -t 1 line; echo "typed[$line]"'])
out = b""
try:
    while part := os.read(fd, 4096):
        out += part
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.write(out.decode())
P
    run timeout 30 python3 terminal.py
    contains "$output" 'typed[]'
    expect 3 "$(grep -c '^[012] ENOTTY' <<<"$output")"
    expect 3 "$(grep -c '^[012] ok' <<<"$output")"
}

# Whoever has got hold of /proc/PID/exe waits until no process runs from it any more: until then the kernel says "busy".
@test "the supervisor's program cannot be written through /proc, not even by root (CVE-2019-5736)" {
    one
    mkdir programs # that no other project runs from
    cp "$WHALE_BUILD"/whale-{compose,supervisor,image} programs/
    local before WHALE=$PWD/programs/whale-compose
    before=$(sha256sum programs/whale-supervisor)
    c up -d
    exec 8<"/proc/$(supervisor_pids "$PROJECT" | head -n 1)/exe" 9<"/proc/$(supervisor_pids "$PROJECT" | tail -n 1)/exe"
    # shellcheck disable=SC2046 # a list of pids
    kill -9 $(supervisor_pids "$PROJECT")
    await 5 sh -c "! pgrep -f 'whale-supervisor $PROJECT\$'"
    for fd in 8 9; do
        run sh -c ": >> /proc/self/fd/$fd"
        contains "$output" "Read-only file system"
    done
    exec 8<&- 9<&-
    expect "$before" "$(sha256sum programs/whale-supervisor)"
}

@test "no abstract sockets; the control socket is root's alone (CVE-2020-15257)" {
    one
    sed -i 's/network_mode: none/network_mode: host/' compose.yaml
    c up -d
    expect finished "$(inside a 'grep -o "@.*" /proc/net/unix; echo finished')"
    expect 600 "$(stat -c %a "$WHALE_COMPOSE_RUN/projects/$PROJECT/socket")"
    run setpriv --reuid=65534 --regid=65534 --clear-groups stat "$WHALE_COMPOSE_RUN/projects/$PROJECT/socket"
    [ "$status" -ne 0 ]
    run setpriv --reuid=65534 --regid=65534 --clear-groups ls "$WHALE_COMPOSE_ROOT/images"
    [ "$status" -ne 0 ]
    run ss -H -lntu
    expect "0 " "$status $output"
}

@test "labels of an image do not steer (CVE-2026-53488)" {
    hostile labels:latest true 'LABEL com.docker.compose.project=other com.docker.compose.service=evil com.docker.compose.oneoff=True com.docker.compose.config-hash=0'
    one
    sed -i 's/image: .*/image: labels/' compose.yaml
    c up -d
    local id
    contains "$("$WHALE" image inspect labels)" '"com.docker.compose.project": "other"'
    id=$(c ps -q)
    expect "a" "$(c ps --services)"
    expect "" "$(c -p other ps -a -q)"
    c up -d
    expect "$id" "$(c ps -q)"
    c down -t 0
    expect "" "$(c ps -a -q)"
}
