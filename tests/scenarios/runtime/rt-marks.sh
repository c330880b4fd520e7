# What programs look for in a container: /.dockerenv, /etc/mtab, names of file systems, the init program, the order of the environment.
cat > compose.yaml <<'Y'
services:
  a: {image: meta, entrypoint: [], command: sleep 1000, init: true, environment: [COLOR=red, Z=1]}
Y
q up -d
inside a 'stat -c "%F %a" /.dockerenv; readlink /etc/mtab; tr "\0" " " < /proc/1/cmdline; echo; for m in /dev /dev/shm /dev/mqueue; do awk -v m=$m "\$2 == m {print \$1, \$3}" /proc/mounts; done; tr "\0" "|" < /proc/$(pidof sleep)/environ' | sed -E 's/HOSTNAME=[0-9a-f]{12}/HOSTNAME=ID/'
