# scale: changed config, --no-deps, running dependencies, 0 and back.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, depends_on: [b]}
  b: *s
Y
st() { c ps -a --format '{{.Name}} {{.State}}' | sort; }
try c scale --no-deps a=2; st
try c scale a=1; steps < err; st
sed -i 's/{<<: \*s, depends/{<<: *s, environment: {V: 1}, depends/' compose.yaml
a=$(ids a); try c scale a=2; steps < err; st; c ps -q a --no-trunc | grep -c "$a" || :
try c scale a=0 b=0; steps < err; st
try c scale a=1; st
try c scale; says "requires at least 1 arg"
try c scale a=1=2; says invalid
