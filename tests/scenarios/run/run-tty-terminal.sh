# run under a terminal: -T, -i=false, -t, -d, exit codes.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
how='[ -t 0 ] && echo tty in; [ -t 1 ] && echo tty out; echo TERM=$TERM; exit 3'
for f in "" -T -it "-t=false" "-i=false"; do echo "== $f"; r=0; tty run --rm $f app sh -c "$how" </dev/null || r=$?; echo "exit $r"; done
tty run --rm -d app true </dev/null | sed -E 's/[0-9a-f]{64}/ID/'
