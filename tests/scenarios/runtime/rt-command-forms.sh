# runtime: command and entrypoint forms: strings with quotes, lists, empty, variables, image's entrypoint kept or cleared, shell characters.
cat > compose.yaml <<'Y'
x-s: &s {image: meta, network_mode: none}
services:
  a: {<<: *s, command: 'echo "two words" plain ''x y'''}
  b: {<<: *s, command: [echo, "$$HOME", "a  b"]}
  d: {<<: *s, entrypoint: [echo, entry], command: [one, two]}
  e: {<<: *s, entrypoint: echo only}
  f: {<<: *s, entrypoint: [], command: [echo, bare]}
  g: {<<: *s, entrypoint: "", command: echo bare}
  h: {<<: *s, command: []}
  i: {<<: *s, entrypoint: [sh, -c], command: ["echo $$0 $$1 $$META", zero, one]}
  j: {<<: *s, command: "sh -c 'exit 3'"}
  k: {<<: *s, command: "echo $META ${NOSUCH:-default} $$META"}
Y
q up -d; for s in a b d e f g h i j k; do await 5 sh -c "$COMPOSE ps -a $s --format '{{.State}}' | grep -q exited"; done; sleep 0.3
for s in a b d e f g h i j k; do c logs --no-log-prefix $s 2>/dev/null | sed "s/^/$s: /"; done
state
c ps -a --no-trunc --format '{{.Service}} {{.Command}}' 2>/dev/null | sort
