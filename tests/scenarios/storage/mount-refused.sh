# Mounts that contradict themselves are refused.
f() { printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, volumes: [%s]}\nvolumes: {vv: }\n' "$1" > compose.yaml; if q up -d; then echo "started: $1"; else echo "refused: $1"; fi; [ -z "${2-}" ] || says "$2"; q down -v -t 0; }
f '"vv:data"' "invalid mount path: 'data' mount path must be absolute"
f '{type: volume, target: /data, read_only: true}' 'must not set ReadOnly mode when using anonymous volumes'
f '{type: npipe, source: x, target: /data}' 'mount type unknown'
f '{type: tmpfs, source: x, target: /data}' 'field Source must not be specified'
f '{type: bind, source: ./d, target: /data, volume: {nocopy: true}}' 'field VolumeOptions must not be specified'
f '{type: volume, source: vv, target: /data, bind: {propagation: shared}}' 'field BindOptions must not be specified'
f '{type: bind, source: ./d, target: /data, bind: {propagation: nosuch}}' 'invalid propagation mode: nosuch'
f '"./d:/"' "destination can't be '/'"
f '"vv:/data:nosuch"'
