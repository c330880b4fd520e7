# tmpfs: what the kernel says of each form; options that are none are refused.
f() { printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, %s}\n' "$1" > compose.yaml; if q up -d; then echo "started: $1"; inside a 'stat -c "%n %a %u:%g" /t; awk "\$2 == \"/t\" {print \$1, \$3, \$4}" /proc/mounts | sed -E "s/,inode(32|64)|,noswap//g"'; else echo "refused: $1"; fi; [ -z "${2-}" ] || says "$2"; }
f 'tmpfs: /t'
f 'tmpfs: "/t:rw,exec,suid,dev"'
f 'tmpfs: "/t:uid=1000,gid=1000,mode=0700,noatime,nr_inodes=5k"'
f 'tmpfs: "/t:nosuch=1"' 'invalid tmpfs option'
f 'tmpfs: "t"' 'mount path must be absolute'
f 'volumes: [{type: tmpfs, target: /t, tmpfs: {size: "64k", mode: 448}}]'
f 'read_only: true, tmpfs: [/t]'
