# run under a terminal: interrupt goes to the command; detach keys; resize.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
mkfifo in; : > tty.raw
{ r=0; tty run --rm app sh -c 'trap "echo interrupted; exit 7" INT; echo ready; while :; do sleep 0.1; done' < in > /dev/null || r=$?; echo "exit $r"; } & p=$!
exec 3> in
await 20 grep -q ready tty.raw
printf '\003' >&3
wait $p; exec 3>&-; grep -o interrupted tty.raw
: > tty.raw
{ r=0; tty run --name run-tty-interrupt-x app sh -c 'echo ready; read x; echo "got $x"; exit 8' < in > /dev/null || r=$?; echo "exit $r"; } & p=$!
exec 3> in
await 20 grep -q ready tty.raw
printf '\020\021' >&3
wait $p; exec 3>&-
state
c down --remove-orphans -t 0 >o 2>&1
