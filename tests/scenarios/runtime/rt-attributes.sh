# runtime: stop_signal, stop_grace_period, sysctls list and map, ulimits forms, shm_size, ipc shareable, pid service, uts host, tty and stdin_open.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, init: true, command: sleep 1000}
services:
  a: {<<: *s, network_mode: none, stop_signal: SIGUSR1, stop_grace_period: 5s, command: sh -c 'trap "exit 42" USR1; sleep 1000 & while :; do wait; done'}
  b: {<<: *s, sysctls: {net.core.somaxconn: 123, net.ipv4.ip_forward: "0"}, ulimits: {nofile: {soft: 100, hard: 200}, nproc: 300, core: 0}, shm_size: 8m}
  d: {<<: *s, sysctls: ["kernel.msgmax=4096"], ipc: shareable, network_mode: none}
  e: {<<: *s, ipc: "service:d", pid: "service:b", network_mode: none}
  t: {<<: *s, network_mode: none, tty: true, stdin_open: true, command: sh}
  u: {<<: *s, uts: host, network_mode: none}
Y
try c up -d
inside b 'cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_forward; ulimit -n; ulimit -Hn; ulimit -c; df -k /dev/shm | awk "NR == 2 {print \$2}"'
inside d 'cat /proc/sys/kernel/msgmax; echo x > /dev/shm/x'
inside e 'cat /proc/sys/kernel/msgmax; cat /dev/shm/x; until [ $(pidof sleep | wc -w) = 2 ]; do :; done; ps | grep -c "sleep 1000"'
inside t 'ps -o tty,args | grep -c "136,0\|pts"; [ -t 0 ] || echo exec has none'
[ "$(inside u hostname)" = "$(hostname)" ] && echo host name
c stop a 2>&1 | steps; state a
