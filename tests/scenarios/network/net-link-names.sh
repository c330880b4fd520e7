# links: the linked service is known by its name, the alias and with the number of the one that links; only there.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, init: true, command: sleep 1000}
services:
  db: {<<: *s}
  a: {<<: *s, links: ["db:store"], scale: 2}
  b: {<<: *s}
Y
q up -d
known() { c exec -T --index $1 $2 timeout 1 nslookup -type=a $3 >/dev/null 2>&1 </dev/null && echo "$2-$1 knows $3" || echo "$2-$1 does not know $3"; }
known 1 a db; known 1 a store; known 1 a db-1; known 2 a db-2; known 2 a store
known 1 b db; known 1 b store
