# Words that mean nothing: of capabilities, signals, runtimes, isolation, security options, device rules.
f() { printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, %s}\n' "$1" > compose.yaml; if q up -d; then echo "started: $1"; else echo "refused: $1"; fi; [ -z "${2-}" ] || says "$2"; }
f 'cap_add: [NOSUCH]' 'unknown capability'
f 'stop_signal: NOSUCH' 'invalid signal: NOSUCH'
f 'stop_signal: "0"' 'invalid signal: 0'
f 'runtime: nosuch' 'unknown runtime specified nosuch'
f 'isolation: hyperv' "linux only supports 'default'"
f 'security_opt: ["no-new-privileges:maybe"]' 'no-new-privileges:maybe'
f 'security_opt: ["nosuch=x"]' 'nosuch=x'
f 'device_cgroup_rules: ["nosuch"]' "invalid device cgroup rule format: 'nosuch'"
f 'working_dir: relative' "the working directory 'relative' is invalid, it needs to be an absolute path"
f 'isolation: default'
