# --progress quiet hides no warning; in JSON it has its time.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services: {a: *s, old: *s}
Y
q up -d
sed -i 's/, old: \*s//' compose.yaml
try c --progress quiet up -d; says 'Found orphan containers'
c --progress json up -d 2>&1 | shape
