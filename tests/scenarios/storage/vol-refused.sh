# Drivers, options and names of volumes that cannot be are refused; nothing runs.
f() { printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, volumes: ["vv:/data"]}\nvolumes: {vv: {%s}}\n' "$1" > compose.yaml; if q up -d; then echo "started: $1"; else echo "refused: $1"; fi; [ -z "${2-}" ] || says "$2"; running; q down -v -t 0; }
f 'driver: nosuch' 'plugin "nosuch" not found'
f 'driver_opts: {type: none, o: bind, device: /no/such/folder}' 'no such file or directory'
f 'driver_opts: {type: tmpfs}' 'missing required option: "device"'
f 'driver_opts: {device: tmpfs}' 'missing required option: "type"'
f 'driver_opts: {o: "size=1m"}' 'missing required option: "device"'
f 'driver_opts: {nosuch: x}' 'invalid option: "nosuch"'
f 'driver_opts: {size: 1m}' 'quota'
f 'name: "bad name"' 'includes invalid characters for a local volume name'
f 'name: "a"' 'volume name is too short'
