# run --entrypoint: words, quotes, with command, with file command and entrypoint.
cat > compose.yaml <<'Y'
services:
  app: {image: busybox, network_mode: none, entrypoint: ["echo", "E"], command: ["C"]}
  meta: {image: meta, network_mode: none}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
try c run --rm app
try c run --rm app other
try c run --rm --entrypoint 'echo "a  b" c' app
try c run --rm --entrypoint 'echo X' app words
try c run --rm --entrypoint= app echo none
try c run --rm --entrypoint '' app
try c run --rm --entrypoint sh app -c 'echo from sh'
try c run --rm --entrypoint 'echo X' meta
try c run --rm --entrypoint 'echo "unclosed' app
try c run --rm meta sh -c 'id -un; pwd'
c run --name run-entrypoint-more-x app other >/dev/null 2>&1; c ps -a --no-trunc --format '{{.Command}}'
