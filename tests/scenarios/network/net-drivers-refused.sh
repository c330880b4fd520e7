# Drivers and options of networks that do not exist or have no value: refused; unknown options are ignored.
f() { printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, networks: [n]}\nnetworks: {n: {%s}}\n' "$1" > compose.yaml; if q up -d; then echo "started: $1"; else echo "refused: $1"; fi; [ -z "${2-}" ] || says "$2"; q down -t 0; }
f 'driver: nosuch' 'plugin "nosuch" not found'
f 'driver: host'
f 'driver: ""'
f 'driver_opts: {com.docker.network.driver.mtu: lots}' 'failed to parse com.docker.network.driver.mtu value: lots'
f 'driver_opts: {com.docker.network.driver.mtu: "10"}'
f 'driver_opts: {com.docker.network.bridge.enable_icc: maybe}' 'failed to parse com.docker.network.bridge.enable_icc value: maybe'
f 'driver_opts: {com.docker.network.bridge.host_binding_ipv4: nosuch}' 'host_binding_ipv4 value: nosuch'
f 'driver_opts: {com.docker.network.bridge.name: this-name-is-too-long}'
f 'driver_opts: {unknown.option: "1"}'
f 'ipam: {driver: nosuch}' 'plugin "nosuch" not found'
