# run and post_start, pre_stop, pre_start hooks.
cat > compose.yaml <<'Y'
services:
  good: {image: busybox, network_mode: none, command: sh -c "sleep 1; cat /h", post_start: [{command: sh -c "echo hook > /h"}], volumes: ["./w:/w"]}
  bad: {image: busybox, network_mode: none, command: sh -c "sleep 1; echo ran", post_start: [{command: sh -c "exit 3"}]}
  stop: {image: busybox, network_mode: none, command: sh -c "exit 0", pre_stop: [{command: touch /w/stop}], volumes: ["./w:/w"]}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
mkdir w
try c run --rm good; n err
try c run --rm bad; n err
try c run --rm stop; ls w
c ps -a --format '{{.Service}} {{.State}}'
try c run -d --name run-hooks-x bad | n; n err
c down --remove-orphans -t 0 >o 2>&1
